#include "tests/data/compressed.h"

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include <memory>

#include "kernels/runtime/error.h"

namespace moonpool {

std::string gzip_bytes(const std::string& bytes) {
  z_stream stream{};
  check(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK, "deflateInit2");
  std::string result(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<unsigned>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<unsigned>(result.size());
  check(deflate(&stream, Z_FINISH) == Z_STREAM_END, "deflate");
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

void write_tar_gz(const std::filesystem::path& path, const std::vector<TarEntry>& entries) {
  const std::unique_ptr<archive, decltype(&archive_write_free)> writer(archive_write_new(),
                                                                       archive_write_free);
  archive_write_add_filter_gzip(writer.get());
  archive_write_set_format_ustar(writer.get());
  check(archive_write_open_filename(writer.get(), path.c_str()) == ARCHIVE_OK, "open");
  for (const TarEntry& entry : entries) {
    const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> header(archive_entry_new(),
                                                                               archive_entry_free);
    archive_entry_set_pathname(header.get(), entry.path.c_str());
    archive_entry_set_size(header.get(), static_cast<int64_t>(entry.bytes.size()));
    archive_entry_set_filetype(header.get(), AE_IFREG);
    archive_entry_set_perm(header.get(), 0644);
    if (!entry.link.empty() && entry.is_hard) {
      archive_entry_set_hardlink(header.get(), entry.link.c_str());
    } else if (!entry.link.empty()) {
      archive_entry_set_filetype(header.get(), AE_IFLNK);
      archive_entry_set_symlink(header.get(), entry.link.c_str());
    }
    check(archive_write_header(writer.get(), header.get()) == ARCHIVE_OK, "header");
    check(archive_write_data(writer.get(), entry.bytes.data(), entry.bytes.size()) ==
              static_cast<la_ssize_t>(entry.bytes.size()),
          "data");
  }
  check(archive_write_close(writer.get()) == ARCHIVE_OK, "close");
}

}  // namespace moonpool
