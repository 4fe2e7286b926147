# CUDA=EMULATED: the project's real .cu files, compiled as C++ against the headers in
# tests/emulator/shim, on the emulated device of tests/emulator. For tests only.
set(CMAKE_CUDA_COMPILER "")
set(MOONPOOL_EMULATED_CUDA_OPTIONS
  # The mark is what headers ask for that both compilers read. nvcc reads the header first, too.
  -D__CUDACC__ --include=cuda_runtime.h
  # A call in front of every access to memory that another thread might see, and a check of indices
  # into arrays; tests/emulator/device/hooks.cpp is what is called. The sanitizers' own checks of
  # addresses would be in the way here, and the emulator checks more.
  -fno-sanitize=address,alignment,null -fsanitize=thread,bounds --param=tsan-instrument-func-entry-exit=0
  # Shared variables are thread-local ones, and never have constructors.
  -fno-extern-tls-init
  -ffp-contract=off -Wno-unknown-pragmas)

# Sources of a target that are CUDA, whoever compiles them.
function(moonpool_cuda_sources target)
  target_sources(${target} PRIVATE ${ARGN})
  set_source_files_properties(${ARGN} PROPERTIES LANGUAGE CXX
    COMPILE_OPTIONS "${MOONPOOL_EMULATED_CUDA_OPTIONS}")
endfunction()
