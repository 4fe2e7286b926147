#include "tests/fuzz/formats.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

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

constexpr uint64_t kSlack = uint64_t{2} << 20;  // buffers of libraries, whatever the input

[[noreturn]] void stop(const char* reason) {
  std::fprintf(stderr, "%s\n", reason);
  std::abort();
}

/// Runs a reader. Its errors must be Errors of one line.
template <class Read>
void expect_error_or_success(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    const std::string_view message = error.what();
    if (message.empty() || message.find('\n') != message.npos) stop("a message is not one line");
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

uint64_t four_times(std::string_view bytes, uint64_t unpacked) {
  return 4 * std::max<uint64_t>(bytes.size(), unpacked) + kSlack;
}

uint64_t as_it_lies(std::string_view bytes) { return four_times(bytes, 0); }

void read_cifar(std::string_view bytes) {
  for (const CifarKind kind : {CifarKind::k10, CifarKind::k100}) {
    expect_error_or_success([&] {
      MemorySource source("'f'", bytes);
      ImageSplit split;
      read_cifar_records(kind, source, split);
    });
  }
}

void read_pickle(std::string_view bytes) {
  expect_error_or_success([&] {
    MemorySource source("'f'", bytes);
    ImageSplit split;
    read_cifar_pickle(source, "labels", 10, split);
  });
}

/// A label of two bytes becomes one of four.
uint64_t pickle_memory(std::string_view bytes) { return four_times(bytes, 2 * bytes.size()); }

void read_idx(std::string_view bytes) {
  const MemoryFile file(bytes);
  expect_error_or_success([&] { read_idx_images(*open_file(file.path())); });
  expect_error_or_success([&] { read_idx_labels(*open_file(file.path()), 10); });
}

/// A byte of a file becomes three bytes of pixels or four of labels.
uint64_t idx_memory(std::string_view bytes) {
  const MemoryFile file(bytes);
  const auto source = open_file(file.path());
  try {
    count_bytes(*source);
  } catch (const Error&) {
    // Damaged: it unpacks to what came before.
  }
  return four_times(bytes, 4 * source->offset());
}

void read_mat(std::string_view bytes) {
  expect_error_or_success([&] {
    MemorySource source("'f'", bytes);
    read_svhn(source);
  });
  expect_error_or_success([&] {
    MemorySource source("'f'", bytes);
    for_each_mat5_variable(source, [](const Mat5Variable& variable, ByteSource& values) {
      for_each_whole_number(variable, values, [](int64_t) {});
    });
  });
}

uint64_t mat_memory(std::string_view bytes) {
  uint64_t unpacked = 0;
  try {
    MemorySource source("'f'", bytes);
    for_each_mat5_variable(source, [&](const Mat5Variable&, ByteSource& values) {
      std::array<uint8_t, 4096> block;
      while (const std::size_t got = values.read(block)) unpacked += got;
    });
  } catch (const Error&) {
    // Damaged: it unpacks to what came before.
  }
  return four_times(bytes, unpacked);
}

void read_npy_file(std::string_view bytes) {
  const auto read_with = [&](const auto& read) {
    expect_error_or_success([&] {
      MemorySource source("'f'", bytes);
      read(source);
    });
  };
  read_with([](ByteSource& source) { read_npy(source); });
  read_with([](ByteSource& source) {
    SampleShape shape;
    read_npy_image_file(source, shape);
  });
  read_with([](ByteSource& source) { read_npy_label_file(source); });
}

/// Grey images and labels of a byte grow as in IDX files.
uint64_t npy_memory(std::string_view bytes) { return four_times(bytes, 4 * bytes.size()); }

void read_tar(std::string_view bytes) {
  const MemoryFile file(bytes);
  expect_error_or_success([&] {
    for_each_tar_member(file.path(),
                        [](const TarMember&, ByteSource& source) { count_bytes(source); });
  });
  expect_error_or_success([&] { load_cifar(CifarKind::k10, file.path()); });
}

uint64_t tar_memory(std::string_view bytes) {
  const MemoryFile file(bytes);
  uint64_t unpacked = 0;
  try {
    for_each_tar_member(file.path(), [&](const TarMember&, ByteSource& source) {
      unpacked += count_bytes(source);
    });
  } catch (const Error&) {
    // Damaged: it unpacks to what came before.
  }
  return four_times(bytes, unpacked);
}

void read_picture(std::string_view bytes) {
  expect_error_or_success([&] {
    const Image image = decode_image(bytes, "'f'");
    resize(image, 32, 32);
  });
}

void read_safetensors_file(std::string_view bytes) {
  expect_error_or_success([&] { parse_safetensors(bytes, "'f'"); });
}

/// Numbers of two bytes become numbers of four, and an array without values is an entry in several
/// lists.
uint64_t safetensors_memory(std::string_view bytes) { return four_times(bytes, 4 * bytes.size()); }

/// Densest packings: see data/images/decode.cpp. A picture has a byte for each of three channels.
uint64_t png_memory(std::string_view bytes) { return four_times(bytes, bytes.size() * 8256 * 3); }
uint64_t jpeg_memory(std::string_view bytes) { return four_times(bytes, bytes.size() * 512 * 3); }

}  // namespace

const std::vector<FuzzFormat>& fuzz_formats() {
  static const std::vector<FuzzFormat> all{
      {"cifar", read_cifar, as_it_lies},
      {"pickle", read_pickle, pickle_memory},
      {"idx", read_idx, idx_memory},
      {"mat", read_mat, mat_memory},
      {"npy", read_npy_file, npy_memory},
      {"tar", read_tar, tar_memory},
      {"png", read_picture, png_memory},
      {"jpeg", read_picture, jpeg_memory},
      {"safetensors", read_safetensors_file, safetensors_memory}};
  return all;
}

const FuzzFormat& fuzz_format(std::string_view name) {
  const auto found = std::find_if(fuzz_formats().begin(), fuzz_formats().end(),
                                  [&](const FuzzFormat& format) { return name == format.name; });
  if (found == fuzz_formats().end()) stop("MOONPOOL_FUZZ_FORMAT names no format");
  return *found;
}

}  // namespace moonpool
