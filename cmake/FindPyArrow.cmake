# Arrow C++ and Parquet from the pyarrow wheel, as the targets PyArrow::arrow and PyArrow::parquet.
# The wheel has no CMake package, and its libraries carry their version in the name, which is read
# from arrow/util/config.h (26.0.x -> libarrow.so.2600).
set(_root "${RECTO_SITE_PACKAGES}/pyarrow")
set(PyArrow_VERSION "")
if(EXISTS "${_root}/include/arrow/util/config.h")
  file(STRINGS "${_root}/include/arrow/util/config.h" _line REGEX "#define ARROW_VERSION_STRING")
  string(REGEX REPLACE ".*\"(.*)\".*" "\\1" PyArrow_VERSION "${_line}")
  file(STRINGS "${_root}/include/arrow/util/config.h" _line REGEX "#define ARROW_SO_VERSION")
  string(REGEX REPLACE ".*\"(.*)\".*" "\\1" _so "${_line}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(PyArrow REQUIRED_VARS PyArrow_VERSION VERSION_VAR PyArrow_VERSION)
if(PyArrow_FOUND AND NOT TARGET PyArrow::arrow)
  foreach(_name arrow parquet)
    add_library(PyArrow::${_name} SHARED IMPORTED)
    set_target_properties(PyArrow::${_name} PROPERTIES
      IMPORTED_LOCATION "${_root}/lib${_name}.so.${_so}"
      INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${_root}/include"
      INTERFACE_INCLUDE_DIRECTORIES "${_root}/include")
  endforeach()
  set_target_properties(PyArrow::parquet PROPERTIES INTERFACE_LINK_LIBRARIES PyArrow::arrow)
  set(PyArrow_LIBRARIES "${_root}/libarrow.so.${_so}" "${_root}/libparquet.so.${_so}")
endif()
