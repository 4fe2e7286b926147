// Feeds the fuzzer's seeds, and inputs that once went wrong, to the readers: without libFuzzer, in
// every build.
#include <gtest/gtest.h>

#include <filesystem>

#include "kernels/runtime/atomic_file.h"
#include "tests/fuzz/formats.h"

namespace moonpool {
namespace {

class Corpus : public ::testing::TestWithParam<const char*> {};

TEST_P(Corpus, IsReadOrRefused) {
  const FuzzFormat& format = fuzz_format(GetParam());
  const auto read = [&](std::string_view bytes) {
    for (const FuzzReader& reader : format.readers) reader.read(bytes);
  };
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(MOONPOOL_CORPUS_DIR) / format.name)) {
    SCOPED_TRACE(entry.path().string());
    const std::string bytes = read_file(entry.path());
    read(bytes);
    // Every tenth, too, cut off and with a byte changed.
    for (std::size_t part = 0; part < 10; ++part) {
      const std::size_t at = bytes.size() * part / 10;
      read(std::string_view(bytes).substr(0, at));
      std::string changed = bytes;
      if (at < changed.size()) changed[at] = static_cast<char>(~changed[at]);
      read(changed);
    }
    ++files;
  }
  EXPECT_GT(files, 0);
}

INSTANTIATE_TEST_SUITE_P(Formats, Corpus,
                         ::testing::Values("cifar", "pickle", "idx", "mat", "npy", "tar", "png",
                                           "jpeg", "safetensors"),
                         [](const auto& format) { return std::string(format.param); });

}  // namespace
}  // namespace moonpool
