#include "data/formats/cifar_pickle.h"

#include <algorithm>
#include <array>
#include <vector>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr std::size_t kPlane = 32 * 32;
constexpr std::size_t kChannels = 3;
constexpr std::size_t kPixels = kPlane * kChannels;
constexpr uint64_t kMostTextBytes = 4096;

/// Steps through a pickle of protocol 2 (Python's Lib/pickletools.py describes every opcode).
class Scanner {
 public:
  Scanner(ByteSource& source, const std::string& label_key, int32_t classes, ImageSplit& split)
      : source_(source), label_key_(label_key), classes_(classes), split_(split) {}

  void run() {
    const std::size_t old_images = split_.pixels.size() / kPixels;
    check(next() == 0x80 && next() == 2, "{} is no pickle of protocol 2", source_.name());
    while (step()) continue;
    const std::size_t images = split_.pixels.size() / kPixels - old_images;
    check(images == labels_.size() && images > 0,
          "{} has {} images in 'data' and {} labels in '{}'", source_.name(), images,
          labels_.size(), label_key_);
    split_.labels.insert(split_.labels.end(), labels_.begin(), labels_.end());
  }

 private:
  uint8_t next() {
    std::array<uint8_t, 1> byte;
    source_.read_exactly(byte, "the pickle");
    return byte[0];
  }

  /// A little-endian number of `bytes` bytes.
  uint64_t number(int bytes) {
    uint64_t value = 0;
    for (int i = 0; i < bytes; ++i) value |= static_cast<uint64_t>(next()) << (8 * i);
    return value;
  }

  /// One opcode; false at the end.
  bool step() {
    const uint64_t at = source_.offset();
    const uint8_t opcode = next();
    switch (opcode) {
      case '.':
        return false;
      case 'U':
      case 'C':
        text(number(1));
        break;
      case 'T':
      case 'X':
      case 'B':
        text(number(4));
        break;
      case 'K':
        integer(number(1));
        break;
      case 'M':
        integer(number(2));
        break;
      case 'J':
        integer(number(4));
        break;
      case 'q':
      case 'h':
        next();
        break;  // the memo
      case 'r':
      case 'j':
        number(4);
        break;
      case 'c':
        skip_line();
        skip_line();
        break;  // a name that a real interpreter would import
      case ']':
        is_in_list_ = true;
        break;
      case 'e':
        is_in_list_ = false;
        break;
      // Marks, tuples, dictionaries, calls, None, True and False: they have no argument.
      case '}':
      case '(':
      case ')':
      case 't':
      case 0x85:
      case 0x86:
      case 0x87:
      case 's':
      case 'u':
      case 'a':
      case 'R':
      case 'b':
      case 'N':
      case 0x88:
      case 0x89:
        break;
      default:
        fail("{}: at byte {} there is the opcode 0x{:02x}, which CIFAR's pickles do not have",
             source_.name(), at, opcode);
    }
    return true;
  }

  void skip_line() {
    for (uint64_t length = 0; next() != '\n'; ++length) {
      check(length < kMostTextBytes, "{} is damaged: a name does not end before byte {}",
            source_.name(), source_.offset());
    }
  }

  void integer(uint64_t value) {
    if (!is_in_list_ || key_ != label_key_) return;
    check(value < static_cast<uint64_t>(classes_),
          "{}: label {}, before byte {}, is {}; expected 0 to {}", source_.name(), labels_.size(),
          source_.offset(), value, classes_ - 1);
    labels_.push_back(static_cast<uint8_t>(value));
  }

  /// A key, the name of a file, or all pixels.
  void text(uint64_t length) {
    if (key_ == "data" && length >= kPixels) {
      images(length);
      key_.clear();
      return;
    }
    check(length <= kMostTextBytes, "{}: there is a text of {} bytes before byte {}",
          source_.name(), length, source_.offset());
    std::vector<uint8_t> bytes;
    source_.append_to(bytes, length, "a text");
    const std::string word(bytes.begin(), bytes.end());
    if (word == "data" || word == label_key_) {
      key_ = word;
    } else if (key_ == label_key_) {
      key_.clear();  // the next entry of the dictionary
    }
  }

  void images(uint64_t length) {
    check(length % kPixels == 0, "{}: 'data' has {} bytes; expected a multiple of {}",
          source_.name(), length, kPixels);
    reserve_images(split_.pixels, length / kPixels, kPixels, source_.stored_bytes());
    std::vector<uint8_t> planes(kPixels);
    for (uint64_t i = 0; i < length / kPixels; ++i) {
      source_.read_exactly(planes, "'data'");
      const std::size_t start = split_.pixels.size();
      split_.pixels.resize(start + kPixels);
      uint8_t* pixel = &split_.pixels[start];
      for (std::size_t p = 0; p < kPlane; ++p) {
        for (std::size_t c = 0; c < kChannels; ++c) *pixel++ = planes[c * kPlane + p];
      }
    }
  }

  ByteSource& source_;
  const std::string& label_key_;
  const int32_t classes_;
  ImageSplit& split_;
  std::vector<uint8_t> labels_;  // bytes until the end: most of a damaged file may be labels
  std::string key_;              // of the dictionary's entry that is being read, if it is wanted
  bool is_in_list_ = false;
};

}  // namespace

void read_cifar_pickle(ByteSource& source, const std::string& label_key, int32_t classes,
                       ImageSplit& split) {
  Scanner(source, label_key, classes, split).run();
}

}  // namespace moonpool
