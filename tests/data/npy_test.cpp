#include "data/npy.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/data/scratch.h"

namespace moonpool {
namespace {

using namespace std::string_literals;

/// A file as numpy.save writes it: the header padded with blanks to a multiple of 64 bytes.
std::string numpy_file(const std::string& dictionary, const std::string& data, int version = 1) {
  std::string header = dictionary;
  const std::size_t prefix = version == 1 ? 10 : 12;
  header.append(63 - (prefix + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes = "\x93NUMPY"s + static_cast<char>(version) + '\0';
  bytes += {static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  if (version > 1) bytes += "\0\0"s;
  return bytes + header + data;
}

NpyArray read_bytes(const std::string& bytes) {
  const ScratchFolder scratch;
  write_file_atomically(scratch / "array.npy", bytes);
  return read_npy(scratch / "array.npy");
}

std::string error_of_bytes(const std::string& bytes) {
  const std::string message = error_of([&] { read_bytes(bytes); });
  const std::size_t after_name = message.find(".npy'");
  return after_name == message.npos ? message : message.substr(after_name + 5);
}

const std::string kInts = "{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }";
const std::string kInts123 = "\1\0\0\0\2\0\0\0\3\0\0\0"s;

TEST(Npy, ReadsWhatNumpyWrites) {
  for (const int version : {1, 2}) {
    const NpyArray array = read_bytes(numpy_file(kInts, kInts123, version));
    EXPECT_EQ(array.shape, std::vector<int64_t>{3});
    EXPECT_EQ(array.as<int32_t>(), (std::vector<int32_t>{1, 2, 3}));
  }
}

TEST(Npy, WritesWhatNumpyWrites) {
  const ScratchFolder scratch;
  const NpyArray array{{3}, std::vector<int32_t>{1, 2, 3}};
  write_npy(scratch / "array.npy", array);
  EXPECT_EQ(read_file(scratch / "array.npy"), numpy_file(kInts, kInts123));
}

TEST(Npy, KeepsEveryTypeAndShape) {
  const ScratchFolder scratch;
  const float infinity = std::numeric_limits<float>::infinity();
  const NpyArray arrays[] = {
      {{2, 3}, std::vector<float>{1.5f, -0.0f, infinity, 1e-45f, 3e38f, 0.1f}},
      {{1, 1, 2}, std::vector<double>{0.1, -1e308}},
      {{2}, std::vector<int32_t>{INT32_MIN, INT32_MAX}},
      {{}, std::vector<int64_t>{INT64_MIN}},
      {{0, 5}, std::vector<uint8_t>{}},
      {{2, 1}, std::vector<uint8_t>{0, 255}},
  };
  for (const NpyArray& array : arrays) {
    write_npy(scratch / "array.npy", array);
    const NpyArray back = read_npy(scratch / "array.npy");
    EXPECT_EQ(back.shape, array.shape);
    EXPECT_EQ(back.values, array.values);
    EXPECT_EQ(read_file(scratch / "array.npy").find('\n') % 64, 63u);
  }
}

TEST(Npy, RefusesValuesOfAnotherType) {
  const NpyArray array{{1}, std::vector<float>{1.0f}};
  EXPECT_EQ(error_of([&] { array.as<int64_t>(); }), "the array holds float32, not int64");
}

TEST(Npy, RefusesToWriteAShapeThatDoesNotFit) {
  const ScratchFolder scratch;
  const NpyArray array{{2, 2}, std::vector<float>{1.0f}};
  EXPECT_EQ(
      error_of([&] { write_npy(scratch / "a", array); }),
      fmt::format("cannot write {}: (2, 2) is not the shape of 1 values", quoted(scratch / "a")));
}

TEST(Npy, RefusesWhatIsNoNpyFile) {
  EXPECT_EQ(error_of_bytes("PK\3\4 a zip file"), " is no .npy file");
  EXPECT_EQ(error_of_bytes(""), " is no .npy file");
  EXPECT_EQ(error_of_bytes(numpy_file(kInts, kInts123, 3)),
            " has version 3 of the .npy format; expected 1 or 2");
}

TEST(Npy, RefusesWhatItCannotHold) {
  EXPECT_EQ(error_of_bytes(
                numpy_file("{'descr': '>f4', 'fortran_order': False, 'shape': (), }", "\0\0\0\0"s)),
            " holds elements of type >f4; expected <f4, <f8, <i4, <i8 or |u1");
  EXPECT_EQ(error_of_bytes(numpy_file(
                "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (), }", "\0\0\0\0"s)),
            " holds elements of type (structure); expected <f4, <f8, <i4, <i8 or |u1");
  EXPECT_EQ(error_of_bytes(numpy_file("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }",
                                      "\0\0\0\0"s)),
            " is in Fortran order; expected C order");
}

TEST(Npy, RefusesABrokenHeader) {
  EXPECT_EQ(error_of_bytes(numpy_file(kInts, "").substr(0, 40)),
            " is truncated: it ends inside its header");
  EXPECT_EQ(error_of_bytes(numpy_file(kInts, "", 2).substr(0, 11)),
            " is truncated: it ends inside its header");
  EXPECT_EQ(error_of_bytes(numpy_file("{'fortran_order': False, 'shape': (3,), }", "")),
            ": the header has no 'descr'");
  EXPECT_EQ(error_of_bytes(numpy_file("{'descr': '<i4', 'fortran_order': False, 'shape': 3}", "")),
            ": the header's shape is no tuple");
  EXPECT_EQ(
      error_of_bytes(numpy_file("{'descr': '<i4', 'fortran_order': False, 'shape': (-3,), }", "")),
      ": cannot read the shape (-3,)");
}

TEST(Npy, RefusesTooFewOrTooManyValues) {
  EXPECT_EQ(error_of_bytes(numpy_file(kInts, kInts123.substr(0, 11))),
            " has 11 bytes of values; its header says 3 values of 4 bytes");
  EXPECT_EQ(error_of_bytes(numpy_file(kInts, kInts123 + "1234")),
            " has 16 bytes of values; its header says 3 values of 4 bytes");
  // 2^32 x 2^32 is 0 in 64 bits.
  EXPECT_NE(
      error_of_bytes(numpy_file(
          "{'descr': '<i4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "")),
      "");
}

}  // namespace
}  // namespace moonpool
