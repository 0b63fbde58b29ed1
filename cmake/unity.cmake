# Most of the compiler's time goes into headers and templates that all files of a target share. So a target's files are compiled
# several at once; their names are to differ, also in unnamed namespaces.
# -DDETENTE_UNITY=OFF compiles every file alone, and so finds an include that is missing in one.
function(detente_several_at_once target)
  if(NOT DETENTE_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  # A class's hidden part may have members of unnamed types: it is one file's all the same.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endfunction()
