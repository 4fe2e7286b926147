#include "active/report/event_file.h"

#include <array>
#include <bit>

namespace moonpool {
namespace {

// Field numbers of the messages, and wire types of protocol buffers.
constexpr uint32_t kEventStep = 2;         // int64
constexpr uint32_t kEventFileVersion = 3;  // string
constexpr uint32_t kEventSummary = 5;      // Summary
constexpr uint32_t kSummaryValue = 1;      // Summary.Value
constexpr uint32_t kValueTag = 1;          // string
constexpr uint32_t kValueSimple = 2;       // float
constexpr uint32_t kVarint = 0;
constexpr uint32_t kBytes = 2;
constexpr uint32_t kFixed32 = 5;

template <class Integer>
void append_fixed(std::string& out, Integer value) {
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    out += static_cast<char>((value >> (8 * i)) & 0xff);
  }
}

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

void append_key(std::string& out, uint32_t field, uint32_t type) {
  append_varint(out, (field << 3) | type);
}

void append_bytes(std::string& out, uint32_t field, std::string_view bytes) {
  append_key(out, field, kBytes);
  append_varint(out, bytes.size());
  out += bytes;
}

/// TFRecord's checksums are masked, so that a checksum of data that holds checksums is a good one.
uint32_t masked(uint32_t crc) { return std::rotr(crc, 15) + 0xa282ead8u; }

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> all{};
    for (uint32_t i = 0; i < all.size(); ++i) {
      uint32_t crc = i;
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
      all[i] = crc;
    }
    return all;
  }();
  uint32_t crc = ~0u;
  for (const char c : bytes) crc = (crc >> 8) ^ table[(crc ^ static_cast<uint8_t>(c)) & 0xff];
  return ~crc;
}

EventFile::EventFile() {
  std::string event;
  append_bytes(event, kEventFileVersion, "brain.Event:2");
  add_record(event);
}

void EventFile::add_scalar(const std::string& tag, int64_t step, double value) {
  std::string scalar;
  append_bytes(scalar, kValueTag, tag);
  append_key(scalar, kValueSimple, kFixed32);
  append_fixed(scalar, std::bit_cast<uint32_t>(static_cast<float>(value)));
  std::string summary;
  append_bytes(summary, kSummaryValue, scalar);
  std::string event;
  if (step != 0) {  // as with the time of 0, a field that is left out is 0
    append_key(event, kEventStep, kVarint);
    append_varint(event, static_cast<uint64_t>(step));
  }
  append_bytes(event, kEventSummary, summary);
  add_record(event);
}

void EventFile::add_record(std::string_view event) {
  std::string length;
  append_fixed(length, static_cast<uint64_t>(event.size()));
  bytes_ += length;
  append_fixed(bytes_, masked(crc32c(length)));
  bytes_ += event;
  append_fixed(bytes_, masked(crc32c(event)));
}

}  // namespace moonpool
