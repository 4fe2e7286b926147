#include "data/formats/tar_archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cctype>
#include <memory>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 17;

/// libarchive's last word on what went wrong, in one line.
std::string reason(archive* reader) {
  const char* text = archive_error_string(reader);
  std::string line = text != nullptr ? text : "unknown error";
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return std::iscntrl(c); }, ' ');
  return line;
}

class MemberSource final : public ByteSource {
 public:
  MemberSource(std::string name, uint64_t stored_bytes, archive* reader)
      : ByteSource(std::move(name), stored_bytes), reader_(reader) {}

 private:
  std::size_t read_some(std::span<uint8_t> out) override {
    const la_ssize_t got = archive_read_data(reader_, out.data(), out.size());
    if (got < 0) {
      fail("{} is damaged or truncated after byte {}: {}", name(), offset(), reason(reader_));
    }
    return static_cast<std::size_t>(got);
  }
  archive* reader_;
};

/// The path of a member that is a file or a folder, and in the archive. Nothing is unpacked to the
/// disk, but an archive that was made to do harm is not read for good data either.
std::filesystem::path honest_path(const std::filesystem::path& archive_path, archive_entry* entry) {
  const char* text = archive_entry_pathname(entry);
  const std::filesystem::path path = text != nullptr ? text : "";
  check(!path.empty(), "{}: a member has no readable name", shown(archive_path));
  const bool leads_out =
      path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end();
  check(!leads_out, "{}: the member {} has a path that leads out of the archive",
        shown(archive_path), shown(path));
  const auto type = archive_entry_filetype(entry);
  const bool is_plain =
      archive_entry_hardlink(entry) == nullptr && (type == AE_IFREG || type == AE_IFDIR);
  check(is_plain, "{}: the member {} is a link or a device; expected files and folders",
        shown(archive_path), shown(path));
  return path;
}

}  // namespace

void for_each_tar_member(const std::filesystem::path& path,
                         const std::function<void(const TarMember&, ByteSource&)>& visit) {
  const uint64_t stored_bytes = open_file(path)->stored_bytes();  // also says why it cannot be read
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(),
                                                                      archive_read_free);
  if (reader == nullptr) throw std::bad_alloc();
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_filename(reader.get(), path.c_str(), kBlock) != ARCHIVE_OK) {
    fail("{} is no tar archive: {}", shown(path), reason(reader.get()));
  }
  archive_entry* entry = nullptr;
  while (true) {
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) return;
    if (status < ARCHIVE_WARN) {
      fail("{} is no tar archive, or damaged or truncated before byte {}: {}", shown(path),
           archive_filter_bytes(reader.get(), -1), reason(reader.get()));
    }
    const std::filesystem::path full = honest_path(path, entry);
    if (archive_entry_filetype(entry) == AE_IFDIR) continue;
    const TarMember member{full.filename().string(),
                           static_cast<uint64_t>(std::max<int64_t>(archive_entry_size(entry), 0))};
    MemberSource source(shown(path / member.file_name), stored_bytes, reader.get());
    visit(member, source);
  }
}

}  // namespace moonpool
