// moonpool augment.
#include "kernels/augment/augment.h"
#include "data/npy.h"
#include "tests/programs/refusal.h"

namespace moonpool {
namespace {

class AugmentProgram : public RefusalTest {
 protected:
  std::string path(const std::string& name) const { return (scratch_ / name).string(); }
  /// Three images of 4 x 5 pixels.
  std::vector<uint8_t> write_images(const std::string& name, bool grey) const {
    std::vector<uint8_t> pixels(static_cast<std::size_t>(grey ? 60 : 180));
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 37 % 251);
    write_npy(path(name),
              {grey ? std::vector<int64_t>{3, 4, 5} : std::vector<int64_t>{3, 4, 5, 3}, pixels});
    return pixels;
  }
  std::vector<uint8_t> augment(const std::string& options) const {
    const ProgramResult result =
        run_program_line("moonpool augment --device cpu --out " + path("out.npy") + " " + options);
    EXPECT_EQ(result.status, 0) << options << "\n" << result.err;
    return read_npy(path("out.npy")).as<uint8_t>();
  }
};

TEST_F(AugmentProgram, AppliesOperationsInOrder) {
  for (const bool grey : {false, true}) {
    const std::vector<uint8_t> pixels = write_images("x.npy", grey);
    EXPECT_EQ(augment("--in " + path("x.npy") + " --ops identity,rotate:0,brightness:1"), pixels);
    EXPECT_EQ(read_npy(path("out.npy")).shape, read_npy(path("x.npy")).shape);
    std::vector<uint8_t> expected = pixels;
    for (uint8_t& value : expected) {
      value = static_cast<uint8_t>((value < 100 ? value : 255 - value) & 0xf0);
    }
    EXPECT_EQ(augment("--in " + path("x.npy") + " --ops solarize:100,posterize:4.9"), expected);
    EXPECT_NE(augment("--in " + path("x.npy") + " --ops posterize:4.9,solarize:100"), expected);
  }
}

TEST_F(AugmentProgram, PoliciesDependOnSeedAndEpochAlone) {
  write_images("x.npy", false);
  const std::string policy = "--in " + path("x.npy") + " --policy randaugment --n 3 --cutout 2 ";
  const std::vector<uint8_t> first = augment(policy + "--seed 4 --threads 1");
  EXPECT_EQ(augment(policy + "--seed 4 --threads 2"), first);
  EXPECT_NE(augment(policy + "--seed 5"), first);
  EXPECT_NE(augment(policy + "--seed 4 --epoch 1"), first);
}

TEST_F(AugmentProgram, WritesSheetsAndRecords) {
  write_images("x.npy", false);
  augment("--in " + path("x.npy") + " --policy randaugment --flip --grid " + path("sheet.png") +
          " --record " + path("draws.jsonl"));
  EXPECT_TRUE(read_file(path("sheet.png")).starts_with("\x89PNG"));
  const std::string record = read_file(path("draws.jsonl"));
  EXPECT_EQ(std::count(record.begin(), record.end(), '\n'), 3);
  EXPECT_TRUE(record.starts_with("{\"flip\":"));
}

TEST_F(AugmentProgram, RefusesWhatMakesNoSense) {
  write_images("x.npy", false);
  write_npy(path("floats.npy"), {{1, 2, 2, 3}, std::vector<float>(12)});
  write_npy(path("four.npy"), {{1, 2, 2, 4}, std::vector<uint8_t>(16)});
  const std::string to = "augment --device cpu --out " + path("y.npy");
  const std::string both = to + " --in " + path("x.npy");
  expect_refusal(both + " --ops spin:3", 2, {"'spin'", "autocontrast", "posterize"});
  expect_refusal(both + " --ops rotate:361", 2, {"'361'", "rotate", "-360 to 360"});
  expect_refusal(both + " --ops rotate:nan", 2, {"'nan'", "rotate"});
  expect_refusal(both + " --ops rotate:3x", 2, {"'3x'", "rotate"});
  expect_refusal(both + " --ops rotate", 2, {"rotate needs a magnitude", "-360 to 360"});
  expect_refusal(both + " --ops equalize:1", 2, {"equalize takes no magnitude", "'equalize:1'"});
  expect_refusal(both + " --ops identity,,identity", 2, {"''", "is no operation"});
  expect_refusal(both + " --policy best", 2, {"--policy best", "randaugment"});
  expect_refusal(both + " --policy randaugment --n 65", 2, {"--n 65", "0 to 64"});
  expect_refusal(both + " --policy randaugment --cutout -1", 2, {"--cutout"});
  expect_refusal(both + " --policy randaugment --cutout 65537", 2, {"65537", "0 to 65536"});
  expect_refusal("augment --device cpu --in " + path("x.npy") + " --policy randaugment --grid " +
                     path("sheet.jpg"),
                 2, {"sheet.jpg", ".png"});
  expect_refusal(both + " --policy randaugment --ops identity", 2, {"--ops", "--policy"});
  expect_refusal(both + " --ops identity --seed 3", 2, {"--seed", "--policy"});
  expect_refusal(both, 2, {"--ops", "--policy"});
  expect_refusal("augment --device cpu --ops identity --in " + path("x.npy"), 2,
                 {"--out", "--grid"});
  expect_refusal(to + " --ops identity --in " + path("none.npy"), 1, {"none.npy"});
  expect_refusal(to + " --ops identity --in " + path("floats.npy"), 1,
                 {"floats.npy", "float32", "expected uint8"});
  expect_refusal(to + " --ops identity --in " + path("four.npy"), 1, {"(1, 2, 2, 4)"});
}

}  // namespace
}  // namespace moonpool
