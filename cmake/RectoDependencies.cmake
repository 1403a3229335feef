# Every outside library recto links. Nothing is downloaded here: scripts/setup brought all of it.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(CURL 7.84 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 REQUIRED)
find_package(dnnl CONFIG REQUIRED)
find_package(ZLIB REQUIRED)
find_package(GIF REQUIRED)
find_package(SQLite3 REQUIRED)
# CLD2 comes without a description of itself; it is linked by its name.
find_library(RECTO_CLD2 cld2 REQUIRED)
find_path(RECTO_CLD2_INCLUDE cld2/public/compact_lang_det.h REQUIRED)
pkg_check_modules(archive REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(jpeg REQUIRED IMPORTED_TARGET libjpeg)
pkg_check_modules(turbojpeg REQUIRED IMPORTED_TARGET libturbojpeg)
pkg_check_modules(spng REQUIRED IMPORTED_TARGET spng)
pkg_check_modules(webp REQUIRED IMPORTED_TARGET libwebp)
pkg_check_modules(webpdemux REQUIRED IMPORTED_TARGET libwebpdemux)
pkg_check_modules(seccomp REQUIRED IMPORTED_TARGET libseccomp)

file(GLOB RECTO_SITE_PACKAGES "${RECTO_PYTHON_PREFIX}/lib/python3*/site-packages")
if(NOT RECTO_SITE_PACKAGES)
  message(FATAL_ERROR "No Python environment in ${RECTO_PYTHON_PREFIX}: run scripts/setup first, "
                      "or set RECTO_PYTHON_PREFIX to the environment it made.")
endif()
list(GET RECTO_SITE_PACKAGES 0 RECTO_SITE_PACKAGES)

find_package(PyArrow REQUIRED)

# PDFium is opened at run time by the page worker, so only its place is needed.
set(RECTO_PDFIUM_LIBRARY "${RECTO_SITE_PACKAGES}/pypdfium2_raw/libpdfium.so")
if(NOT EXISTS "${RECTO_PDFIUM_LIBRARY}")
  message(FATAL_ERROR "PDFium is missing: ${RECTO_PDFIUM_LIBRARY}. Run scripts/setup.")
endif()

if(RECTO_BUILD_TRAIN)
  list(APPEND CMAKE_PREFIX_PATH "${RECTO_SITE_PACKAGES}/torch/share/cmake")
  find_package(Torch REQUIRED)
  # The wheel brings headers of other libraries (fmt, oneDNN) in other versions than those recto
  # links, so its folder is searched last.
  foreach(_target torch torch_library torch_cpu torch_cpu_library torch_cuda torch_cuda_library
                  c10 c10_cuda)
    if(TARGET ${_target})
      set_target_properties(${_target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ""
                            INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "")
    endif()
  endforeach()
  foreach(_dir IN LISTS TORCH_INCLUDE_DIRS)
    set_property(TARGET torch APPEND PROPERTY
      INTERFACE_COMPILE_OPTIONS "SHELL:-idirafter ${_dir}")
  endforeach()
endif()

if(RECTO_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
