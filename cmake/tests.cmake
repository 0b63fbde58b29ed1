# How tests are registered. Every test of the project is a ctest test, so that
# one run counts them all.
#
#   detente_test         a GoogleTest program (src/<layer>/*_test.cc)
#   detente_system_test  a script of tests/system/ that runs real programs
#
# A skip never passes for a pass: a GoogleTest skip and a filter that selects
# nothing fail, and so does a disabled one; a script that cannot run ends with 77 and ctest calls it skipped.

if(DETENTE_TESTS)
  enable_testing()
  find_package(GTest REQUIRED)
  find_package(rapidcheck REQUIRED)
  # Debian's own python3, the one that Debian's python3-cryptography belongs to.
  find_program(DETENTE_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
endif()

# Fuzzers need every layer's branches counted, not only their own file's.
if(DETENTE_FUZZ)
  target_compile_options(detente_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Test files are mostly templates of GoogleTest, rapidcheck and nlohmann: at -O2
# and under -fsanitize=undefined they cost more than all layers together, and it
# is the layers that are tested. They stay under the address sanitizer, since
# inline functions of the library are shared with the layers at linking.
# Linked last, so that these options come last.
add_library(detente_test_options INTERFACE)
target_compile_options(detente_test_options INTERFACE $<$<CONFIG:Release>:-O0>)
if(DETENTE_SANITIZE MATCHES "undefined")
  target_compile_options(detente_test_options INTERFACE -fno-sanitize=undefined)
endif()

# What every test finds in its environment. DETENTE_VECTORS is not here: what
# the caller sets passes through. tests/toy_provider builds the module.
set(DETENTE_TOY_PROVIDER ${CMAKE_BINARY_DIR}/tests/toy_provider.so)
set(DETENTE_TEST_ENVIRONMENT
  "DETENTE_SOURCE=${CMAKE_SOURCE_DIR}"
  "DETENTE_BIN=${CMAKE_BINARY_DIR}/bin"
  "DETENTE_TESTS_BIN=${CMAKE_BINARY_DIR}/tests"
  "DETENTE_TOY_PROVIDER=${DETENTE_TOY_PROVIDER}"
  "DETENTE_PYTHON=${DETENTE_PYTHON}")

# One run of a GoogleTest program over a part of its tests. More words are for its environment.
function(detente_register_gtest test program filter labels timeout)
  add_test(NAME ${test} COMMAND ${program} "--gtest_filter=${filter}")
  set_tests_properties(${test} PROPERTIES
    LABELS "${labels}"
    TIMEOUT ${timeout}
    FAIL_REGULAR_EXPRESSION "Running 0 tests from;\\[  SKIPPED \\];DISABLED TEST"
    ENVIRONMENT "${DETENTE_TEST_ENVIRONMENT};${ARGN}")
endfunction()

# detente_test(name SOURCES ... LIBRARIES ... [LABELS ...] [TIMEOUT seconds] [SHARDS number])
#
# Suites named ...Vectors become <name>_vectors, label "vectors", and the rest
# stays <name>: `ctest -L vectors -V` shows the cases of each file. With SHARDS
# the rest is <name>_1, <name>_2 and so on, each with every so many of the tests
# and a timeout of its own, side by side as all tests.
function(detente_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT;SHARDS" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  detente_several_at_once(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} detente_options rapidcheck
    GTest::gtest GTest::gtest_main detente_test_options)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

  set(vectors FALSE)
  set(others FALSE)
  foreach(source ${ARG_SOURCES})
    file(STRINGS ${source} suites REGEX "^ *(TYPED_)?(TEST|RC_GTEST)[A-Z_]*\\(")
    foreach(suite ${suites})
      if(suite MATCHES "Vectors,")
        set(vectors TRUE)
      else()
        set(others TRUE)
      endif()
    endforeach()
    # Whether a file has vectors is known only now: look again when it changes.
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  endforeach()

  set(suites "*Vectors.*:*Vectors/*")
  if(vectors)
    detente_register_gtest(${name}_vectors ${name} "${suites}" "vectors;${ARG_LABELS}" ${ARG_TIMEOUT})
  endif()
  if(ARG_SHARDS)
    foreach(shard RANGE 1 ${ARG_SHARDS})
      math(EXPR index "${shard} - 1")
      detente_register_gtest(${name}_${shard} ${name} "-${suites}" "${ARG_LABELS}" ${ARG_TIMEOUT}
        GTEST_TOTAL_SHARDS=${ARG_SHARDS} GTEST_SHARD_INDEX=${index})
    endforeach()
  elseif(others OR NOT vectors)
    detente_register_gtest(${name} ${name} "-${suites}" "${ARG_LABELS}" ${ARG_TIMEOUT})
  endif()
endfunction()

# detente_system_test(name script TIMEOUT seconds [LABELS ...] [SERIAL])
#
# `script` is a .py or .sh file, relative to the calling folder. SERIAL keeps
# all other tests away while it runs (for measurements).
function(detente_system_test name script)
  cmake_parse_arguments(ARG "SERIAL" "TIMEOUT" "LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    message(FATAL_ERROR "detente_system_test(${name}): TIMEOUT is missing")
  endif()
  get_filename_component(path ${script} ABSOLUTE)
  if(NOT EXISTS ${path})
    message(FATAL_ERROR "detente_system_test(${name}): there is no ${script}")
  endif()
  if(script MATCHES "\\.py$")
    set(interpreter ${DETENTE_PYTHON})
  elseif(script MATCHES "\\.sh$")
    set(interpreter bash)
  else()
    message(FATAL_ERROR "detente_system_test(${name}): ${script} is neither .py nor .sh")
  endif()
  add_test(NAME ${name} COMMAND ${interpreter} ${path})
  set_tests_properties(${name} PROPERTIES
    LABELS "system;${ARG_LABELS}"
    TIMEOUT ${ARG_TIMEOUT}
    SKIP_RETURN_CODE 77
    RUN_SERIAL ${ARG_SERIAL}
    ENVIRONMENT "${DETENTE_TEST_ENVIRONMENT};PYTHONDONTWRITEBYTECODE=1;PYTHONUNBUFFERED=1")
endfunction()
