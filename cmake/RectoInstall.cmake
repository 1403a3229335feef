# cmake --install BUILD --prefix DIR: programs, room libraries with headers, and the outside
# libraries that no distribution package brings. The tree can be moved: nothing in it holds its path.
#
#   bin/           recto, recto-train
#   libexec/recto/ recto-page-worker, recto-source-worker
#   lib/recto/     libarrow, libparquet, libpdfium
#   lib/           librecto_ROOM.a          lib/cmake/recto/  find_package(recto)
#   include/recto/ headers by room          share/doc/recto/  licences
#   share/recto/   models, prompts
set(_libraries "${CMAKE_INSTALL_LIBDIR}/recto")

install(TARGETS recto RUNTIME DESTINATION bin)
set_target_properties(recto PROPERTIES INSTALL_RPATH "$ORIGIN/../${_libraries}")
if(TARGET recto-train)
  # libtorch stays where it is: it has half a gigabyte.
  install(TARGETS recto-train RUNTIME DESTINATION bin)
  set_target_properties(recto-train PROPERTIES
    INSTALL_RPATH "$ORIGIN/../${_libraries};${RECTO_SITE_PACKAGES}/torch/lib")
endif()
if(TARGET recto-page-worker)
  install(TARGETS recto-page-worker recto-source-worker RUNTIME DESTINATION libexec/recto)
  set_target_properties(recto-page-worker recto-source-worker PROPERTIES
    INSTALL_RPATH "$ORIGIN/../../${_libraries}")
endif()

install(FILES ${PyArrow_LIBRARIES} DESTINATION "${_libraries}")
install(FILES "${RECTO_PDFIUM_LIBRARY}" DESTINATION "${_libraries}")
get_filename_component(_pdfium "${RECTO_PDFIUM_LIBRARY}" DIRECTORY)
install(FILES "${_pdfium}/version.json" DESTINATION "${_libraries}" RENAME pdfium-version.json)

# Every room but learn, whose users need libtorch's own CMake package and recto's sources, and cli,
# which is the programs.
get_property(_rooms GLOBAL PROPERTY RECTO_ROOMS)
list(REMOVE_ITEM _rooms learn cli)
set(_targets ${_rooms})
list(TRANSFORM _targets PREPEND recto_)
install(TARGETS ${_targets} EXPORT rectoTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
foreach(_room IN LISTS _rooms)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/src/${_room}" DESTINATION include/recto
          FILES_MATCHING PATTERN "*.h")
endforeach()

set(_package "${CMAKE_INSTALL_LIBDIR}/cmake/recto")
install(EXPORT rectoTargets NAMESPACE recto:: DESTINATION "${_package}")
include(CMakePackageConfigHelpers)
foreach(_library IN LISTS PyArrow_LIBRARIES)
  get_filename_component(_name "${_library}" NAME)
  string(REGEX REPLACE "^lib([a-z]+)\\.so.*" "\\1" _short "${_name}")
  set(RECTO_INSTALLED_${_short} "${_libraries}/${_name}")
endforeach()
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/rectoConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/rectoConfig.cmake" INSTALL_DESTINATION "${_package}"
  PATH_VARS RECTO_INSTALLED_arrow RECTO_INSTALLED_parquet)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/rectoConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/rectoConfig.cmake" "${PROJECT_BINARY_DIR}/rectoConfigVersion.cmake"
        DESTINATION "${_package}")

install(FILES LICENSE THIRD_PARTY.md DESTINATION share/doc/recto)
foreach(_wheel pyarrow pypdfium2)
  file(GLOB _licences "${RECTO_SITE_PACKAGES}/${_wheel}-*.dist-info/licenses")
  install(DIRECTORY ${_licences} DESTINATION "share/doc/recto/${_wheel}")
endforeach()
