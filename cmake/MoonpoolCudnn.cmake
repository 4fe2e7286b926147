# Finds cuDNN, whose CMake support is not part of the toolkit's. Sets MOONPOOL_CUDNN_MISSING to what
# is wrong, or to nothing; then the target moonpool_cudnn is there. Plans made without a device, and
# graphs without a handle, need 9.8.
set(moonpool_cudnn_least 9.8)

find_path(MOONPOOL_CUDNN_INCLUDE cudnn_graph.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
find_library(MOONPOOL_CUDNN_LIBRARY cudnn HINTS ${CUDAToolkit_LIBRARY_DIR})
mark_as_advanced(MOONPOOL_CUDNN_INCLUDE MOONPOOL_CUDNN_LIBRARY)

set(MOONPOOL_CUDNN_MISSING "")
if(NOT MOONPOOL_CUDNN_INCLUDE OR NOT MOONPOOL_CUDNN_LIBRARY)
  set(MOONPOOL_CUDNN_MISSING "cuDNN was not found beside the CUDA toolkit")
else()
  set(moonpool_cudnn_version "")
  file(STRINGS "${MOONPOOL_CUDNN_INCLUDE}/cudnn_version.h" moonpool_cudnn_lines
    REGEX "#define CUDNN_(MAJOR|MINOR|PATCHLEVEL) ")
  foreach(part IN ITEMS MAJOR MINOR PATCHLEVEL)
    string(REGEX MATCH "CUDNN_${part} ([0-9]+)" unused "${moonpool_cudnn_lines}")
    list(APPEND moonpool_cudnn_version "${CMAKE_MATCH_1}")
  endforeach()
  list(JOIN moonpool_cudnn_version "." moonpool_cudnn_version)
  if(moonpool_cudnn_version VERSION_LESS moonpool_cudnn_least)
    set(MOONPOOL_CUDNN_MISSING "${MOONPOOL_CUDNN_INCLUDE} has cuDNN ${moonpool_cudnn_version};\
 expected ${moonpool_cudnn_least} or newer")
  endif()
endif()

if(NOT MOONPOOL_CUDNN_MISSING AND NOT TARGET moonpool_cudnn)
  add_library(moonpool_cudnn INTERFACE)
  target_include_directories(moonpool_cudnn SYSTEM INTERFACE "${MOONPOOL_CUDNN_INCLUDE}")
  target_link_libraries(moonpool_cudnn INTERFACE "${MOONPOOL_CUDNN_LIBRARY}")
endif()
