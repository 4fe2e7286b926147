# Language level, warnings, sanitizers and where things are put.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")

if(MOONPOOL_RELOCATABLE)
  # Shared, so that the CUDA code is in the bundle once and not in every program.
  set(BUILD_SHARED_LIBS ON)
  set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
  set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
  set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib")
  # RPATH, not RUNPATH: libraries of the bundle have to find each other, too.
  add_link_options(-Wl,--disable-new-dtags)
else()
  set(BUILD_SHARED_LIBS OFF)
endif()

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

add_library(moonpool_options INTERFACE)
target_include_directories(moonpool_options INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_definitions(moonpool_options INTERFACE
  MOONPOOL_VERSION="${PROJECT_VERSION}" MOONPOOL_BUILD_TYPE="${CMAKE_BUILD_TYPE}")
# nvcc hands -Wall and -Wextra to the host compiler; -Wpedantic would complain about nvcc's own output.
# Loops of the host that want OpenMP are in headers that .cu files include, too, and are nothing there.
target_compile_options(moonpool_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -march=${MOONPOOL_CPU_ARCH}>
  $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wno-unknown-pragmas --Werror=all-warnings>)
# sqrt and friends need not set errno, and nobody asks for the flags of floating-point exceptions:
# that lets loops with square roots and comparisons be vectorised. No value changes.
target_compile_options(moonpool_options INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:-fno-math-errno;-fno-trapping-math>")
option(MOONPOOL_WERROR "Warnings are errors" OFF)
if(MOONPOOL_WERROR)
  target_compile_options(moonpool_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
endif()

if(MOONPOOL_SANITIZE)
  target_compile_options(moonpool_options INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${MOONPOOL_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer>)
  target_link_options(moonpool_options INTERFACE -fsanitize=${MOONPOOL_SANITIZE})
endif()
