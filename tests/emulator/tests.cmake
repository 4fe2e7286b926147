# Tests of the emulator itself, and through it. Included from tests/CMakeLists.txt.
set(here "${PROJECT_SOURCE_DIR}/tests/emulator")

add_executable(plant "${here}/plants/main.cpp" "${here}/plants/kernel_plants.cpp"
  "${here}/plants/host_plants.cpp")
moonpool_cuda_sources(plant "${here}/plants/kernels.cu")
target_link_libraries(plant PRIVATE moonpool_kernels)
add_test(NAME emulator.plants COMMAND plant)
set_tests_properties(emulator.plants PROPERTIES LABELS emulator
  PASS_REGULAR_EXPRESSION "10 of 10.*5 of 5")

# `moonpool run` on the emulated device, in every thread order.
foreach(order IN ITEMS forward reverse 7)
  add_test(NAME emulator.four_moons.${order}
    COMMAND moonpool run --dataset four-moons --strategy LHD --start 20 --query 20 --rounds 1 --epochs 5
      --device cuda --out four_moons_${order} --overwrite)
  set_tests_properties(emulator.four_moons.${order} PROPERTIES LABELS emulator TIMEOUT 600
    ENVIRONMENT MOONPOOL_EMULATOR_ORDER=${order})
endforeach()

# A profile changes nothing, and CUDA's streams are in it.
add_test(NAME emulator.profile COMMAND "${here}/profile.sh" "$<TARGET_FILE:moonpool>")
set_tests_properties(emulator.profile PROPERTIES LABELS emulator TIMEOUT 600)

# Looks at what the other tests have run, so `make test-emulator` runs it after them.
add_test(NAME emulator.kernels_executed
  COMMAND "${here}/kernels_executed.sh" "${PROJECT_SOURCE_DIR}"
    "${PROJECT_BINARY_DIR}/kernels_executed.txt" "$<TARGET_FILE:moonpool_kernels>")
set_tests_properties(emulator.kernels_executed PROPERTIES LABELS coverage)

add_executable(emulator_test "${here}/selftest/device_functions_test.cpp"
  "${here}/selftest/runtime_calls_test.cpp")
moonpool_cuda_sources(emulator_test "${here}/selftest/probes.cu")
target_link_libraries(emulator_test PRIVATE moonpool_kernels GTest::gtest_main)
gtest_discover_tests(emulator_test DISCOVERY_TIMEOUT 60 PROPERTIES LABELS emulator TIMEOUT 120)
