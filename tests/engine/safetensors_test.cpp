#include "engine/safetensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "tests/data/scratch.h"

namespace moonpool {
namespace {

/// A file with this header and that many bytes of values.
std::string file_of(const std::string& header, std::size_t values) {
  const uint64_t length = header.size();
  std::string bytes(sizeof(length), '\0');
  std::memcpy(bytes.data(), &length, sizeof(length));
  return bytes + header + std::string(values, '\0');
}

std::string entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return fmt::format(R"({{"dtype":"{}","shape":[{}],"data_offsets":[{}]}})", dtype, shape, offsets);
}

/// The message with which a file is refused, without the file's name; "" if it is not refused.
std::string refusal(const std::string& bytes) {
  const std::string message = error_of([&] { parse_safetensors(bytes, "'f'"); });
  EXPECT_TRUE(message.empty() || message.starts_with("'f'")) << message;
  return message.substr(std::min<std::size_t>(message.size(), 3));
}

std::string refusal(const std::string& header, std::size_t values) {
  return refusal(file_of(header, values));
}

const NamedArray& array_named(const StateDict& arrays, const std::string& name) {
  for (const NamedArray& array : arrays) {
    if (array.name == name) return array;
  }
  fail("there is no array {}", name);
}

TEST(Safetensors, ReadsWhatTheFormatsOwnLibraryWrote) {
  // Values as tests/golden/make_safetensors.py has them.
  const SafetensorsFile file = read_safetensors(MOONPOOL_GOLDEN_DIR "/weights.safetensors");
  EXPECT_EQ(file.metadata, (std::map<std::string, std::string>{
                               {"format", "pt"}, {"made_with", "make_safetensors.py"}}));
  ASSERT_EQ(file.arrays.size(), 7u);

  const NamedArray& conv = array_named(file.arrays, "conv.weight");
  EXPECT_EQ(conv.shape, (Shape{2, 3, 2, 2}));
  ASSERT_EQ(conv.values.size(), 24u);
  for (int i = 0; i < 24; ++i) EXPECT_EQ(conv.values[i], static_cast<float>(i) / 4 - 3);

  const NamedArray& batches = array_named(file.arrays, "bn.num_batches_tracked");
  EXPECT_EQ(batches.shape, Shape());
  EXPECT_EQ(batches.counts, std::vector<int64_t>{(int64_t{1} << 40) + 7});
  EXPECT_TRUE(batches.values.empty());

  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(array_named(file.arrays, "double").values, (std::vector<float>{0.1f, -infinity, 3.0f}));
  const std::vector<float> half = array_named(file.arrays, "half").values;
  EXPECT_EQ(half, (std::vector<float>{1.0f, -0.0f, 65504.0f, 0x1p-24f, -0x1p-14f, infinity,
                                      1365.0f / 4096}));  // 1/3 in eleven bits
  EXPECT_TRUE(std::signbit(half[1]));
  const std::vector<float> brain = array_named(file.arrays, "brain").values;
  ASSERT_EQ(brain.size(), 5u);
  EXPECT_EQ(brain[1], -2.5f);
  EXPECT_NEAR(brain[2], 3e38f, 3e38f / 256);
  EXPECT_EQ(brain[3], 0x1p-133f);
  EXPECT_TRUE(std::isnan(brain[4]));
  EXPECT_EQ(array_named(file.arrays, "empty").shape, (Shape{0, 3}));
  EXPECT_EQ(array_named(file.arrays, "name with \"quotes\" and \u00fc").values,
            std::vector<float>{1.0f});
}

TEST(Safetensors, WhatIsWrittenReadsBack) {
  const ScratchFolder scratch;
  const StateDict arrays{{"b.weight", {2, 1}, {1.5f, -0.0f}},
                         {"b.num_batches_tracked", Shape(), {}, {3}},
                         {"a \"\\\n", {0}, {}},
                         {"scalar", Shape(), {std::numeric_limits<float>::denorm_min()}}};
  const std::map<std::string, std::string> metadata{{"epoch", "7"}, {"json", R"({"a": [1]})"}};
  write_safetensors(scratch / "f", arrays, metadata);
  const SafetensorsFile file = read_safetensors(scratch / "f");
  EXPECT_EQ(file.metadata, metadata);
  ASSERT_EQ(file.arrays.size(), arrays.size());
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    EXPECT_EQ(file.arrays[i].name, arrays[i].name);
    EXPECT_EQ(file.arrays[i].shape, arrays[i].shape);
    EXPECT_EQ(file.arrays[i].values, arrays[i].values);
    EXPECT_EQ(file.arrays[i].counts, arrays[i].counts);
  }
  EXPECT_TRUE(std::signbit(file.arrays[0].values[1]));

  write_safetensors(scratch / "f", {}, {});
  EXPECT_EQ(read_safetensors(scratch / "f").arrays.size(), 0u);
}

TEST(Safetensors, ValuesAreAligned) {
  const ScratchFolder scratch;
  write_safetensors(scratch / "f", {{"odd", {1}, {1.0f}}, {"count", Shape(), {}, {0x0102030405}}},
                    {});
  const std::string bytes = read_file(scratch / "f");
  uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof(header));
  EXPECT_EQ(header % 8, 0u);
  EXPECT_EQ(bytes.substr(8 + header, 8), std::string("\5\4\3\2\1\0\0\0", 8));
}

TEST(Safetensors, WritingRefusesWhatCannotBeRead) {
  const ScratchFolder scratch;
  const auto message = [&](const StateDict& arrays) {
    const std::string text = error_of([&] { write_safetensors(scratch / "f", arrays, {}); });
    EXPECT_FALSE(std::filesystem::exists(scratch / "f"));
    const std::string start = fmt::format("cannot write {}: ", quoted(scratch / "f"));
    EXPECT_TRUE(text.starts_with(start)) << text;
    return text.substr(std::min(text.size(), start.size()));
  };
  EXPECT_EQ(message({{"w", {2}, {1.0f}}}), "'w' has 1 values; its shape [2] expects 2");
  EXPECT_EQ(message({{"w", {1}, {1.0f}, {1}}}), "'w' has 2 values; its shape [1] expects 1");
  EXPECT_EQ(message({{"w", {1}, {1.0f}}, {"w", {1}, {1.0f}}}), "the name 'w' stands twice");
  EXPECT_EQ(message({{"__metadata__", {1}, {1.0f}}}),
            "the name '__metadata__' is the format's own");
  EXPECT_EQ(message({{"\xff", {1}, {1.0f}}}), "a name or the metadata is not UTF-8");
}

TEST(Safetensors, RefusesFilesThatAreCutOff) {
  const std::string whole = read_file(MOONPOOL_GOLDEN_DIR "/weights.safetensors");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string message = refusal(whole.substr(0, size));
    EXPECT_NE(message.find("is truncated"), message.npos) << size << message;
  }
  EXPECT_EQ(refusal(whole + "x"), " has 157 bytes of values; its header says 156");
  EXPECT_EQ(refusal(whole.substr(0, 7)), " is truncated: 7 bytes are no safetensors file");
}

TEST(Safetensors, RefusesFilesOfOtherKinds) {
  EXPECT_EQ(
      refusal("PK\3\4 is how a checkpoint of torch.save() begins"),
      " is no safetensors file: its header would be of 2338328217762614096 bytes; expected at "
      "most 100000000");
  EXPECT_EQ(refusal("{]", 0), ": its header is no JSON, at byte 2 of it");
  EXPECT_EQ(refusal("", 0), ": its header is no JSON, at byte 1 of it");
  EXPECT_EQ(refusal("[]", 0), ": its header is a list; expected a JSON object");
  EXPECT_EQ(refusal("7", 0), ": its header is a number; expected a JSON object");
  EXPECT_EQ(refusal(R"({"w":[1]})", 0), ": its header has a list as 'w'; expected an object");
  EXPECT_EQ(refusal(R"({"w":{}})", 0),
            ": array 'w' lacks its dtype; expected dtype, shape and data_offsets");
  EXPECT_EQ(refusal(R"({"w":{"strides":[1]}})", 0),
            ": array 'w' has 'strides'; expected dtype, shape and data_offsets");
  EXPECT_EQ(refusal(R"({"__metadata__":{"a":1}})", 0),
            ": its metadata has a number as 'a'; expected text");
  EXPECT_EQ(refusal(R"({"w":{"dtype":3}})", 0), ": array 'w' has a number as dtype; expected text");
  EXPECT_EQ(refusal(R"({"w":{"shape":{}}})", 0),
            ": array 'w' has an object as shape; expected a list");
  EXPECT_EQ(refusal(std::string(100000, '['), 0), ": its header is a list; expected a JSON object");
}

TEST(Safetensors, RefusesKeysThatStandTwice) {
  const std::string w = R"("w":)" + entry("F32", "1", "0, 4");
  EXPECT_EQ(refusal("{" + w + "," + w + "}", 4), ": its header has 'w' twice");
  EXPECT_EQ(refusal(R"({"w":{"shape":[1],"shape":[1]}})", 4), ": array 'w' has shape twice");
  EXPECT_EQ(refusal(R"({"__metadata__":{"a":"1","a":"2"}})", 0), ": its metadata has 'a' twice");
  EXPECT_EQ(refusal(R"({"__metadata__":{},"__metadata__":{}})", 0),
            ": its header has '__metadata__' twice");
}

TEST(Safetensors, RefusesOtherTypesAndShapes) {
  const auto one = [&](const std::string& dtype, const std::string& shape,
                       const std::string& offsets, std::size_t values) {
    return refusal(R"({"w":)" + entry(dtype, shape, offsets) + "}", values);
  };
  EXPECT_EQ(one("U8", "4", "0, 4", 4),
            ": array 'w' has elements of type U8; expected F32, F64, F16, BF16 or I64");
  EXPECT_EQ(one("F32", "1,1,1,1,1", "0, 4", 4), ": array 'w' has more than 4 dimensions");
  EXPECT_EQ(one("F32", "-1", "0, 4", 4),
            ": array 'w' has a negative number in its shape; expected whole numbers from 0");
  EXPECT_EQ(
      one("F32", "1.0", "0, 4", 4),
      ": array 'w' has a number that is not whole in its shape; expected whole numbers from 0");
  EXPECT_EQ(one("F32", "2", "0, 4", 4), ": array 'w' has 4 bytes; its shape [2] of F32 expects 8");
  EXPECT_EQ(one("I64", "1", "0, 4", 4), ": array 'w' has 4 bytes; its shape [1] of I64 expects 8");
  // 2^62 elements of four bytes are 2^64 bytes, which a careless product takes for none.
  EXPECT_EQ(one("F32", "2147483648,2147483648", "0, 0", 0),
            ": array 'w' has 0 bytes; its shape [2147483648, 2147483648] of F32 expects more than "
            "there can be");
  EXPECT_EQ(one("F32", "0,18446744073709551615", "0, 0", 0),
            ": array 'w' has 0 bytes; its shape [0, 18446744073709551615] of F32 expects more than "
            "there can be");
}

TEST(Safetensors, RefusesOffsetsThatDoNotCoverTheValuesOnce) {
  const auto two = [&](const std::string& a, const std::string& b, std::size_t values) {
    return refusal(fmt::format(R"({{"a":{},"b":{}}})", entry("F32", "1", a), entry("F32", "1", b)),
                   values);
  };
  EXPECT_EQ(two("0, 4", "4, 8", 8), "");
  EXPECT_EQ(two("4, 8", "0, 4", 8), "");
  EXPECT_EQ(
      two("0, 4", "2, 6", 8),
      ": array 'b' begins at byte 2 of the values; expected 4, where the array before it ends");
  EXPECT_EQ(
      two("0, 4", "0, 4", 4),
      ": array 'b' begins at byte 0 of the values; expected 4, where the array before it ends");
  EXPECT_EQ(two("0, 4", "8, 12", 12), ": array 'b' begins at byte 8 of the values; expected 4");
  EXPECT_EQ(two("0, 4", "4, 8", 7), " is truncated: it has 7 bytes of values; its header says 8");
  EXPECT_EQ(two("0, 4", "4, 8", 9), " has 9 bytes of values; its header says 8");
  EXPECT_EQ(two("4, 0", "4, 8", 8), ": array 'a' begins at byte 4 and ends before it, at 0");
  EXPECT_EQ(two("0, 4, 8", "4, 8", 8), ": array 'a' has more than 2 data_offsets");
  EXPECT_EQ(two("0", "4, 8", 8), ": array 'a' has 1 data_offsets; expected 2");
}

TEST(Safetensors, NamesInMessagesAreOneShortLine) {
  const std::string name = "a\\n" + std::string(1000, 'x');
  const std::string message = refusal(R"({")" + name + R"(":3})", 0);
  EXPECT_LT(message.size(), 200u);
  EXPECT_TRUE(message.starts_with(": its header has a number as 'a?xxx")) << message;
}

TEST(Safetensors, AMissingFileIsNamed) {
  EXPECT_EQ(error_of([] { read_safetensors("/nowhere/w.safetensors"); }),
            "cannot open '/nowhere/w.safetensors': No such file or directory");
}

}  // namespace
}  // namespace moonpool
