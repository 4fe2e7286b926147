# Libraries that are used and not written here. `make deps` installs them on Debian and Ubuntu.
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(dnnl REQUIRED)
find_package(fmt REQUIRED)
find_path(MOONPOOL_JSON_INCLUDE nlohmann/json.hpp REQUIRED)
find_path(MOONPOOL_CLI11_INCLUDE CLI/CLI.hpp REQUIRED)
# Boost.Math is headers only.
find_path(MOONPOOL_BOOST_INCLUDE boost/math/distributions/students_t.hpp REQUIRED)
