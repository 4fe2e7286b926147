# Libraries that are used and not written here. `make deps` installs them on Debian and Ubuntu.
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(dnnl REQUIRED)
find_package(fmt REQUIRED)
find_path(MOONPOOL_JSON_INCLUDE nlohmann/json.hpp REQUIRED)
find_path(MOONPOOL_CLI11_INCLUDE CLI/CLI.hpp REQUIRED)
find_path(MOONPOOL_TOML_INCLUDE toml++/toml.h REQUIRED)
# Boost.Math is headers only.
find_path(MOONPOOL_BOOST_INCLUDE boost/math/distributions/students_t.hpp REQUIRED)
# Files of other people's making: compressed ones, archives, pictures.
find_package(ZLIB REQUIRED)
find_package(PNG REQUIRED)
find_package(LibArchive REQUIRED)
find_path(MOONPOOL_TURBOJPEG_INCLUDE turbojpeg.h REQUIRED)
find_library(MOONPOOL_TURBOJPEG_LIBRARY turbojpeg REQUIRED)
add_library(moonpool_turbojpeg INTERFACE)
target_include_directories(moonpool_turbojpeg SYSTEM INTERFACE "${MOONPOOL_TURBOJPEG_INCLUDE}")
target_link_libraries(moonpool_turbojpeg INTERFACE "${MOONPOOL_TURBOJPEG_LIBRARY}")
# Downloads and their checksums.
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
