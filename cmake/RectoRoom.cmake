# recto_room(NAME ROOMS lower… LIBS outside…): one room of src/ as a static library, with its tests.
#
# Every *.cc of the folder belongs to the library, except, by the end of its name:
#   _test.cc         fast tests          -> recto_NAME_test
#   _golden_test.cc  reference values    -> recto_NAME_golden_test   (ctest label golden)
#   _slow_test.cc    slow tests          -> recto_NAME_slow_test     (ctest label slow)
#   _fuzz.cc         a libFuzzer target  -> recto_NAME_<file>        (only with RECTO_FUZZ)
#   _main.cc         a program, declared by the room itself
#   _avx2.cc, _avx512.cc  kernels compiled for that instruction set; they include nothing but
#                    intrinsics and plain declarations, and are called only after a CPU check
add_library(recto_options INTERFACE)
target_compile_options(recto_options INTERFACE -Wall -Wextra -Wno-missing-field-initializers)
if(CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT RECTO_SANITIZE)
  target_compile_options(recto_options INTERFACE -Werror)
endif()
if(RECTO_SANITIZE)
  target_compile_options(recto_options INTERFACE
    -fsanitize=${RECTO_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(recto_options INTERFACE -fsanitize=${RECTO_SANITIZE})
endif()
if(RECTO_FUZZ)
  target_compile_options(recto_options INTERFACE -fsanitize=fuzzer-no-link)
  add_custom_target(fuzzers)
endif()

function(recto_room name)
  cmake_parse_arguments(ROOM "" "" "ROOMS;LIBS;TEST_LIBS" ${ARGN})
  file(GLOB all CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz|main)\\.cc$")
  foreach(file IN LISTS sources)
    if(file MATCHES "_avx2\\.cc$")
      set_source_files_properties(${file} PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma;-mf16c")
    elseif(file MATCHES "_avx512\\.cc$")
      # g++ 12 warns of its own _mm512_undefined_epi32 (GCC bug 105593).
      set_source_files_properties(${file} PROPERTIES
        COMPILE_OPTIONS "-mavx2;-mfma;-mf16c;-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-Wno-uninitialized")
    endif()
  endforeach()

  if(NOT sources)
    message(STATUS "src/${name} has no sources")
    return()
  endif()
  add_library(recto_${name} STATIC ${sources})
  add_library(recto::${name} ALIAS recto_${name})
  set_target_properties(recto_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(recto_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<INSTALL_INTERFACE:include/recto>)
  set(rooms ${ROOM_ROOMS})
  list(TRANSFORM rooms PREPEND recto_)
  target_link_libraries(recto_${name} PUBLIC ${rooms} ${ROOM_LIBS})
  target_link_libraries(recto_${name} PRIVATE $<BUILD_INTERFACE:recto_options>)
  set_property(GLOBAL APPEND PROPERTY RECTO_ROOMS ${name})

  if(RECTO_BUILD_TESTS)
    set(golden ${all})
    list(FILTER golden INCLUDE REGEX "_golden_test\\.cc$")
    set(slow ${all})
    list(FILTER slow INCLUDE REGEX "_slow_test\\.cc$")
    set(fast ${all})
    list(FILTER fast INCLUDE REGEX "_test\\.cc$")
    list(FILTER fast EXCLUDE REGEX "_(golden|slow)_test\\.cc$")
    recto_test_program(recto_${name}_test "fast" recto_${name} "${fast}" "${ROOM_TEST_LIBS}")
    recto_test_program(recto_${name}_golden_test "golden" recto_${name} "${golden}" "${ROOM_TEST_LIBS}")
    recto_test_program(recto_${name}_slow_test "slow" recto_${name} "${slow}" "${ROOM_TEST_LIBS}")
  endif()

  if(RECTO_FUZZ)
    set(fuzz ${all})
    list(FILTER fuzz INCLUDE REGEX "_fuzz\\.cc$")
    foreach(file IN LISTS fuzz)
      get_filename_component(stem ${file} NAME_WE)
      add_executable(recto_${name}_${stem} ${file})
      target_link_libraries(recto_${name}_${stem} PRIVATE recto_${name} recto_options)
      target_link_options(recto_${name}_${stem} PRIVATE -fsanitize=fuzzer)
      add_dependencies(fuzzers recto_${name}_${stem})
    endforeach()
  endif()
endfunction()

# recto_test_program(PROGRAM LABEL LIBRARY SOURCES LIBS): a GoogleTest program, each test of it a
# ctest test of that label.
function(recto_test_program program label library sources libs)
  if(NOT sources)
    return()
  endif()
  add_executable(${program} ${sources})
  target_link_libraries(${program} PRIVATE ${library} ${libs} recto_options recto_test_support
                                           GTest::gmock GTest::gtest_main)
  set(timeout 300)
  if(label STREQUAL "slow")
    set(timeout 7200)
  endif()
  gtest_discover_tests(${program} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${label} TIMEOUT ${timeout})
endfunction()
