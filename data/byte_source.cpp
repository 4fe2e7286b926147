#include "data/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 14;

class FileSource final : public ByteSource {
 public:
  FileSource(std::string name, uint64_t stored_bytes, gzFile file)
      : ByteSource(std::move(name), stored_bytes), file_(file) {
    gzbuffer(file_, 1 << 16);
  }
  ~FileSource() override { gzclose_r(file_); }

 private:
  std::size_t read_some(std::span<uint8_t> out) override {
    const std::size_t most = std::min<std::size_t>(out.size(), std::numeric_limits<int>::max());
    const int got = gzread(file_, out.data(), static_cast<unsigned>(most));
    // A stream that ends too early gives its last bytes first, and then this.
    int error = Z_OK;
    const char* message = gzerror(file_, &error);
    if (got == 0 && error == Z_BUF_ERROR) {
      fail("{} is truncated: its compressed data end too early, after {} bytes", name(), offset());
    }
    if (got < 0) {
      fail("cannot read {} at byte {}: {}", name(), offset(),
           error == Z_ERRNO ? std::strerror(errno) : plain_reason(message));
    }
    return static_cast<std::size_t>(got);
  }

  /// zlib puts its own name of the file before the reason.
  static std::string_view plain_reason(std::string_view message) {
    const std::size_t colon = message.rfind(": ");
    return colon == message.npos ? message : message.substr(colon + 2);
  }

  gzFile file_;
};

}  // namespace

std::string shown(const std::filesystem::path& path) {
  std::string text = "'";
  for (const char c : path.native()) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x20 || byte == 0x7f) {
      text += fmt::format("\\x{:02x}", byte);
    } else {
      text += c;
    }
  }
  return text + "'";
}

std::size_t ByteSource::read(std::span<uint8_t> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const std::size_t got = read_some(out.subspan(filled));
    if (got == 0) break;
    filled += got;
    offset_ += got;
  }
  return filled;
}

void ByteSource::read_exactly(std::span<uint8_t> out, std::string_view what) {
  if (read(out) < out.size()) {
    fail("{} is truncated: it ends at byte {}, inside {}", name_, offset_, what);
  }
}

void ByteSource::skip(uint64_t count, std::string_view what) {
  std::array<uint8_t, 4096> block;
  while (count > 0) {
    const auto part = static_cast<std::size_t>(std::min<uint64_t>(count, block.size()));
    read_exactly(std::span(block).first(part), what);
    count -= part;
  }
}

void ByteSource::append_to(std::vector<uint8_t>& out, uint64_t count, std::string_view what) {
  out.reserve(out.size() + static_cast<std::size_t>(std::min(count, stored_bytes_)));
  while (count > 0) {
    const auto part = static_cast<std::size_t>(std::min<uint64_t>(count, kBlock));
    const std::size_t at = out.size();
    out.resize(at + part);
    read_exactly(std::span(out).subspan(at), what);
    count -= part;
  }
}

std::unique_ptr<ByteSource> open_file(const std::filesystem::path& path) {
  // Without O_NONBLOCK, opening a FIFO would wait for somebody to write to it.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status {};
  if (descriptor < 0 || fstat(descriptor, &status) != 0) {
    const int reason = errno;
    if (descriptor >= 0) close(descriptor);
    fail("cannot open {}: {}", shown(path), std::strerror(reason));
  }
  if (!S_ISREG(status.st_mode)) {
    close(descriptor);
    fail("{} is no regular file", shown(path));
  }
  gzFile file = gzdopen(descriptor, "rb");
  if (file == nullptr) {
    close(descriptor);
    throw std::bad_alloc();
  }
  return std::make_unique<FileSource>(shown(path), static_cast<uint64_t>(status.st_size), file);
}

std::size_t MemorySource::read_some(std::span<uint8_t> out) {
  const std::size_t count = std::min(out.size(), rest_.size());
  if (count > 0) std::memcpy(out.data(), rest_.data(), count);
  rest_.remove_prefix(count);
  return count;
}

std::size_t LimitedSource::read_some(std::span<uint8_t> out) {
  const auto most = static_cast<std::size_t>(std::min<uint64_t>(out.size(), left_));
  const std::size_t got = inner_.read(out.first(most));
  left_ -= got;
  return got;
}

struct InflateSource::State {
  z_stream stream{};
  std::array<uint8_t, kBlock> input;
  bool ended = false;
};

InflateSource::InflateSource(ByteSource& inner)
    : ByteSource(inner.name(), inner.stored_bytes()),
      inner_(inner),
      state_(std::make_unique<State>()) {
  if (inflateInit(&state_->stream) != Z_OK) throw std::bad_alloc();
}

InflateSource::~InflateSource() { inflateEnd(&state_->stream); }

std::size_t InflateSource::read_some(std::span<uint8_t> out) {
  z_stream& stream = state_->stream;
  const std::size_t most = std::min<std::size_t>(out.size(), std::numeric_limits<int>::max());
  stream.next_out = out.data();
  stream.avail_out = static_cast<unsigned>(most);
  while (stream.avail_out == most && !state_->ended) {
    if (stream.avail_in == 0) {
      stream.next_in = state_->input.data();
      stream.avail_in = static_cast<unsigned>(inner_.read(state_->input));
      check(stream.avail_in > 0, "{} is truncated: its compressed data end too early, at byte {}",
            name(), inner_.offset());
    }
    const int status = inflate(&stream, Z_NO_FLUSH);
    state_->ended = status == Z_STREAM_END;
    if (status != Z_OK && status != Z_STREAM_END) {
      fail("{} is damaged: its compressed data before byte {} cannot be unpacked ({})", name(),
           inner_.offset(), stream.msg != nullptr ? stream.msg : "zlib error");
    }
  }
  return most - stream.avail_out;
}

}  // namespace moonpool
