#include "tests/fuzz/formats.h"

#include <sys/mman.h>
#include <turbojpeg.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "data/formats/cifar.h"
#include "data/formats/cifar_pickle.h"
#include "data/formats/idx.h"
#include "data/formats/mat5.h"
#include "data/formats/npy_images.h"
#include "data/formats/svhn.h"
#include "data/formats/tar_archive.h"
#include "data/images/decode.h"
#include "data/images/resize.h"
#include "data/npy.h"
#include "engine/safetensors.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

[[noreturn]] void stop(const char* reason) {
  std::fprintf(stderr, "%s\n", reason);
  std::abort();
}

/// Runs a reader, whose errors must be Errors of one line. Returns what it does; 0 for an error.
template <class Read>
uint64_t attempt(const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    const std::string_view message = error.what();
    if (message.empty() || message.find('\n') != message.npos) stop("a message is not one line");
    return 0;
  }
}

/// Bytes as a file that has a name.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : descriptor_(memfd_create("fuzz", 0)) {
    if (descriptor_ < 0 ||
        write(descriptor_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
      stop("cannot make a file in memory");
    }
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { close(descriptor_); }
  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

uint64_t count_bytes(ByteSource& source) {
  std::array<uint8_t, 4096> block;
  while (source.read(block) > 0) continue;
  return source.offset();
}

uint64_t bytes_of(const Split& split) {
  return std::get<std::vector<uint8_t>>(split.samples).size() +
         sizeof(int32_t) * split.labels.size();
}

template <CifarKind kind>
uint64_t read_records(std::string_view bytes) {
  return attempt([&] {
    MemorySource source("'f'", bytes);
    ImageSplit split;
    read_cifar_records(kind, source, split);
    return bytes_of(split.finish());
  });
}

uint64_t read_pickle(std::string_view bytes) {
  return attempt([&] {
    MemorySource source("'f'", bytes);
    ImageSplit split;
    read_cifar_pickle(source, "labels", 10, split);
    return bytes_of(split.finish());
  });
}

/// A file that may be compressed: what came out of it, or what was made of that.
template <class Read>
uint64_t read_as_file(std::string_view bytes, const Read& read) {
  const MemoryFile file(bytes);
  const std::unique_ptr<ByteSource> source = open_file(file.path());
  const uint64_t made = attempt([&] { return read(*source); });
  return std::max(made, source->offset());
}

uint64_t read_idx_image_file(std::string_view bytes) {
  return read_as_file(bytes,
                      [](ByteSource& source) { return read_idx_images(source).pixels.size(); });
}

uint64_t read_idx_label_file(std::string_view bytes) {
  return read_as_file(bytes, [](ByteSource& source) {
    return sizeof(int32_t) * read_idx_labels(source, 10).size();
  });
}

/// What all variables unpack to, up to where the file is damaged. Takes little memory itself.
uint64_t count_mat_values(std::string_view bytes) {
  uint64_t unpacked = 0;
  attempt([&] {
    MemorySource source("'f'", bytes);
    for_each_mat5_variable(source, [&](const Mat5Variable&, ByteSource& values) {
      std::array<uint8_t, 4096> block;
      while (const std::size_t got = values.read(block)) unpacked += got;
    });
    return 0;
  });
  return unpacked;
}

uint64_t read_svhn_file(std::string_view bytes) {
  const uint64_t made = attempt([&] {
    MemorySource source("'f'", bytes);
    return bytes_of(read_svhn(source));
  });
  return std::max(made, count_mat_values(bytes));
}

uint64_t read_mat_numbers(std::string_view bytes) {
  attempt([&] {
    MemorySource source("'f'", bytes);
    for_each_mat5_variable(source, [](const Mat5Variable& variable, ByteSource& values) {
      for_each_whole_number(variable, values, [](int64_t) {});
    });
    return 0;
  });
  return count_mat_values(bytes);
}

uint64_t read_npy_array(std::string_view bytes) {
  return attempt([&] {
    MemorySource source("'f'", bytes);
    read_npy(source);
    return source.offset();
  });
}

uint64_t read_npy_pictures(std::string_view bytes) {
  return attempt([&] {
    MemorySource source("'f'", bytes);
    SampleShape shape;
    return read_npy_image_file(source, shape).size();
  });
}

uint64_t read_npy_labels(std::string_view bytes) {
  return attempt([&] {
    MemorySource source("'f'", bytes);
    return sizeof(int32_t) * read_npy_label_file(source).size();
  });
}

/// What all members unpack to, up to where the archive is damaged.
uint64_t read_tar_members(std::string_view bytes) {
  const MemoryFile file(bytes);
  uint64_t unpacked = 0;
  attempt([&] {
    for_each_tar_member(file.path(), [&](const TarMember&, ByteSource& source) {
      unpacked += count_bytes(source);
    });
    return 0;
  });
  return unpacked;
}

uint64_t read_cifar_archive(std::string_view bytes) {
  const MemoryFile file(bytes);
  const uint64_t made = attempt([&] {
    const Dataset dataset = load_cifar(CifarKind::k10, file.path());
    return bytes_of(dataset.train) + bytes_of(dataset.test);
  });
  return std::max(made, read_tar_members(bytes));
}

uint64_t read_picture(std::string_view bytes) {
  return attempt([&] {
    const Image image = decode_image(bytes, "'f'");
    resize(image, 32, 32);
    return image.pixels.size();
  });
}

/// libjpeg takes memory for all blocks of a picture before their bits come: of a progressive one it
/// must. So what the header says counts as unpacked, if so many bytes can hold it at all.
uint64_t read_jpeg(std::string_view bytes) {
  constexpr uint64_t kMostPixelsOfAByte = 512;
  const std::unique_ptr<void, decltype(&tjDestroy)> decoder(tjInitDecompress(), tjDestroy);
  int width = 0, height = 0, sampling = 0, colours = 0;
  const bool has_header =
      tjDecompressHeader3(decoder.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
                          bytes.size(), &width, &height, &sampling, &colours) == 0;
  const auto pixels = static_cast<uint64_t>(width) * static_cast<uint64_t>(height);
  uint64_t blocks = 0;
  if (has_header && sampling >= 0 && pixels / kMostPixelsOfAByte <= bytes.size()) {
    const auto whole = [](int side, int block) {
      return static_cast<uint64_t>((side + block - 1) / block) * static_cast<uint64_t>(block);
    };
    blocks = 3 * whole(width, tjMCUWidth[sampling]) * whole(height, tjMCUHeight[sampling]);
  }
  return std::max(read_picture(bytes), blocks);
}

/// Numbers of two bytes become numbers of four, and an array without values is an entry in several
/// lists.
uint64_t read_safetensors_file(std::string_view bytes) {
  attempt([&] {
    parse_safetensors(bytes, "'f'");
    return 0;
  });
  return 4 * bytes.size();
}

constexpr uint64_t kKibibyte = 1024;

}  // namespace

uint64_t FuzzReader::most_memory(uint64_t input, uint64_t unpacked) const {
  return 4 * std::max(input, unpacked) + fixed;
}

const std::vector<FuzzFormat>& fuzz_formats() {
  static const std::vector<FuzzFormat> all{
      // Blocks of 16 records.
      {"cifar",
       {{"CIFAR-10", 64 * kKibibyte, read_records<CifarKind::k10>},
        {"CIFAR-100", 64 * kKibibyte, read_records<CifarKind::k100>}}},
      {"pickle", {{"pickle", 24 * kKibibyte, read_pickle}}},
      // zlib's buffers for a file, three times 64 KiB, and its window.
      {"idx",
       {{"images", 256 * kKibibyte, read_idx_image_file},
        {"labels", 256 * kKibibyte, read_idx_label_file}}},
      // zlib's window.
      {"mat",
       {{"SVHN", 80 * kKibibyte, read_svhn_file}, {"numbers", 80 * kKibibyte, read_mat_numbers}}},
      {"npy",
       {{"array", 24 * kKibibyte, read_npy_array},
        {"images", 24 * kKibibyte, read_npy_pictures},
        {"labels", 24 * kKibibyte, read_npy_labels}}},
      // libarchive's blocks; the list of class names.
      {"tar",
       {{"members", 320 * kKibibyte, read_tar_members},
        {"CIFAR-10", 448 * kKibibyte, read_cifar_archive}}},
      {"png", {{"PNG", 80 * kKibibyte, read_picture}}},
      {"jpeg", {{"JPEG", 128 * kKibibyte, read_jpeg}}},
      {"safetensors", {{"safetensors", 2048 * kKibibyte, read_safetensors_file}}}};
  return all;
}

const FuzzFormat& fuzz_format(std::string_view name) {
  const auto found = std::find_if(fuzz_formats().begin(), fuzz_formats().end(),
                                  [&](const FuzzFormat& format) { return name == format.name; });
  if (found == fuzz_formats().end()) stop("MOONPOOL_FUZZ_FORMAT names no format");
  return *found;
}

}  // namespace moonpool
