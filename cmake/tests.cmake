if(DETENTE_TESTS)
  enable_testing()
  find_package(GTest REQUIRED)
  find_package(rapidcheck REQUIRED)
endif()

# A GoogleTest program, registered with ctest as one test. Where the vectors
# lie and where the source tree is come in by the environment.
function(detente_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} detente_options rapidcheck GTest::gtest GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES
    LABELS "${ARG_LABELS}"
    ENVIRONMENT "DETENTE_SOURCE=${CMAKE_SOURCE_DIR};DETENTE_BIN=${CMAKE_BINARY_DIR}/bin")
endfunction()
