// replicate_table1 ... replicate_figure7: one program with a link for each exhibit, whose name says
// which one is wanted.
#include <filesystem>
#include <iostream>
#include <string>

#include "bench/replicate/replicate.h"
#include "kernels/runtime/error.h"

int main(int argc, char** argv) {
  constexpr const char* kPrefix = "replicate_";
  std::string name = std::filesystem::path(argv[0]).filename().string();
  if (name.starts_with(kPrefix)) name.erase(0, std::string(kPrefix).size());
  try {
    return moonpool::replicate_main(name, argc, argv);
  } catch (const moonpool::Error& error) {  // there is no such exhibit
    std::cerr << kPrefix << name << ": " << error.what() << "\n";
    return error.exit_status();
  }
}
