// Bytes in order, wherever they come from: a file, a compressed one, a member of an archive. What
// the readers of this folder read from, so that none of them cares, and so that none trusts a
// header's word for how much is to come.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moonpool {

/// A path in quotes as messages show it: control characters are escaped, so that a message stays
/// one line whatever a file is called.
std::string shown(const std::filesystem::path& path);

class ByteSource {
 public:
  /// `name` is how messages call it. `stored_bytes` is what it takes where it is stored, before
  /// decompression: a measure of how much it can be expected to hold.
  ByteSource(std::string name, uint64_t stored_bytes)
      : name_(std::move(name)), stored_bytes_(stored_bytes) {}
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;

  const std::string& name() const { return name_; }
  uint64_t stored_bytes() const { return stored_bytes_; }
  /// How many bytes have been read.
  uint64_t offset() const { return offset_; }

  /// Fills `out`, or as much of it as there is; returns how much. Throws an Error if the bytes
  /// cannot be read or decompressed.
  std::size_t read(std::span<uint8_t> out);

  /// Fills `out`, or throws an Error: "NAME is truncated: it ends at byte OFFSET, inside WHAT".
  void read_exactly(std::span<uint8_t> out, std::string_view what);

  /// Reads on over `count` bytes.
  void skip(uint64_t count, std::string_view what);

  /// Appends `count` bytes to `out`. Memory grows with what really arrives, whatever the count.
  void append_to(std::vector<uint8_t>& out, uint64_t count, std::string_view what);

 protected:
  /// One attempt at reading; 0 only at the end.
  virtual std::size_t read_some(std::span<uint8_t> out) = 0;

 private:
  std::string name_;
  uint64_t stored_bytes_;
  uint64_t offset_ = 0;
};

/// A file, plain or compressed by gzip (looks at its first bytes). Checks gzip's checksum.
std::unique_ptr<ByteSource> open_file(const std::filesystem::path& path);

/// Bytes that outlive the source.
class MemorySource final : public ByteSource {
 public:
  MemorySource(std::string name, std::string_view bytes)
      : MemorySource(std::move(name), bytes, bytes.size()) {}
  /// Bytes that were part of something larger.
  MemorySource(std::string name, std::string_view bytes, uint64_t stored_bytes)
      : ByteSource(std::move(name), stored_bytes), rest_(bytes) {}

 private:
  std::size_t read_some(std::span<uint8_t> out) override;
  std::string_view rest_;
};

/// The next `length` bytes of another source.
class LimitedSource final : public ByteSource {
 public:
  LimitedSource(ByteSource& inner, uint64_t length)
      : ByteSource(inner.name(), inner.stored_bytes()), inner_(inner), left_(length) {}
  uint64_t left() const { return left_; }

 private:
  std::size_t read_some(std::span<uint8_t> out) override;
  ByteSource& inner_;
  uint64_t left_;
};

/// The decompressed bytes of a zlib stream (RFC 1950). Its end is where the stream ends, after the
/// check of its checksum.
class InflateSource final : public ByteSource {
 public:
  explicit InflateSource(ByteSource& inner);
  ~InflateSource() override;

 private:
  struct State;
  std::size_t read_some(std::span<uint8_t> out) override;
  ByteSource& inner_;
  std::unique_ptr<State> state_;
};

}  // namespace moonpool
