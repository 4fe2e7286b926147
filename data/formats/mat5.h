// MATLAB's MAT-file format of level 5 (versions 5 to 7.2, "MAT-File Format", The MathWorks), as far
// as arrays of numbers go.
//
// Why not matio, the packaged library for these files: it reports success for a file that is cut
// off or has a byte changed, and leaves the values that it could not read as they were (matio
// 1.5.23; tests/data/svhn_test.cpp has both files). Here every byte is accounted for and zlib's
// checksum is verified.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/byte_source.h"

namespace moonpool {

/// How values are stored; not always their type in MATLAB, which keeps small doubles as bytes.
enum class Mat5Storage : uint32_t {
  kInt8 = 1,
  kUint8 = 2,
  kInt16 = 3,
  kUint16 = 4,
  kInt32 = 5,
  kUint32 = 6,
  kFloat = 7,
  kDouble = 9,
  kInt64 = 12,
  kUint64 = 13,
};

/// A real array of numbers; values are in MATLAB's order, the first index fastest.
struct Mat5Variable {
  std::string name;
  std::vector<int64_t> shape;
  Mat5Storage storage;
  uint64_t count;  // of values: the product of the extents
};

/// Calls `visit` for every real array of numbers in the file, with a source of exactly its values
/// as they are stored, little-endian. What a visit does not read is skipped, as are variables of
/// other types. Throws an Error for files of other versions or byte order, and for damage of any
/// kind.
void for_each_mat5_variable(ByteSource& file,
                            const std::function<void(const Mat5Variable&, ByteSource&)>& visit);

/// Bytes of one value.
std::size_t width_of(Mat5Storage storage);

/// Hands the values of a variable to `visit`, one by one. An Error for one that is no whole number.
void for_each_whole_number(const Mat5Variable& variable, ByteSource& values,
                           const std::function<void(int64_t)>& visit);

}  // namespace moonpool
