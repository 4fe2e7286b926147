#include "kernels/runtime/atomic_file.h"

#include <gtest/gtest.h>

#include "tests/data/scratch.h"

namespace moonpool {
namespace {

namespace fs = std::filesystem;

int64_t files_in(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

TEST(AtomicFile, WritesAndReplaces) {
  const ScratchFolder scratch;
  const std::string bytes("a\0b\n", 4);
  write_file_atomically(scratch / "file", "something longer");
  write_file_atomically(scratch / "file", bytes);
  EXPECT_EQ(read_file(scratch / "file"), bytes);
  write_file_atomically(scratch / "file", "");
  EXPECT_EQ(read_file(scratch / "file"), "");
  EXPECT_EQ(files_in(scratch.path()), 1);
}

TEST(AtomicFile, WritesInTheCurrentFolder) {
  const ScratchFolder scratch;
  const fs::path before = fs::current_path();
  fs::current_path(scratch.path());
  write_file_atomically("file", "bytes");
  fs::current_path(before);
  EXPECT_EQ(read_file(scratch / "file"), "bytes");
}

TEST(AtomicFile, ReplacesWhatAKilledRunLeft) {
  const ScratchFolder scratch;
  write_file_atomically(scratch / "file.partial", "half of a much longer text");
  write_file_atomically(scratch / "file", "whole");
  EXPECT_EQ(read_file(scratch / "file"), "whole");
  EXPECT_EQ(files_in(scratch.path()), 1);
}

TEST(AtomicFile, SaysWhyItCannotWrite) {
  const ScratchFolder scratch;
  const fs::path path = scratch / "absent" / "file";
  EXPECT_EQ(error_of([&] { write_file_atomically(path, "x"); }),
            fmt::format("cannot write {}: No such file or directory", quoted(path)));
}

TEST(AtomicFile, LeavesNothingBehindWhenItFails) {
  const ScratchFolder scratch;
  fs::create_directory(scratch / "taken");
  EXPECT_NE(error_of([&] { write_file_atomically(scratch / "taken", "x"); }), "");
  EXPECT_EQ(files_in(scratch.path()), 1);
}

TEST(AtomicFile, ReportsAFullDisk) {
  // /dev/full takes every open and refuses every write; the copy beside the file is a link to it.
  const ScratchFolder scratch;
  write_file_atomically(scratch / "file", "old");
  fs::create_symlink("/dev/full", scratch / "file.partial");
  EXPECT_EQ(error_of([&] { write_file_atomically(scratch / "file", "new"); }),
            fmt::format("cannot write {}: No space left on device", quoted(scratch / "file")));
  EXPECT_EQ(read_file(scratch / "file"), "old");
}

TEST(CreateDirectories, MakesParentsAndAcceptsWhatIsThere) {
  const ScratchFolder scratch;
  create_directories_or_fail(scratch / "a" / "b");
  create_directories_or_fail(scratch / "a" / "b");
  EXPECT_TRUE(fs::is_directory(scratch / "a" / "b"));
  EXPECT_EQ(files_in(scratch / "a" / "b"), 0);
}

TEST(CreateDirectories, RefusesAFileInTheWay) {
  const ScratchFolder scratch;
  write_file_atomically(scratch / "file", "x");
  const fs::path below = scratch / "file" / "out";
  EXPECT_EQ(error_of([&] { create_directories_or_fail(below); }),
            fmt::format("cannot create the folder {}: Not a directory", quoted(below)));
  EXPECT_NE(error_of([&] { create_directories_or_fail(scratch / "file"); }), "");
}

TEST(CreateDirectories, RefusesAFolderThatTakesNoFiles) {
  // /proc refuses new files to root as well, as which tests often run.
  EXPECT_TRUE(error_of([&] {
                create_directories_or_fail("/proc");
              }).starts_with("cannot create files in the folder '/proc': "));
}

TEST(ReadFile, NamesWhatIsMissing) {
  EXPECT_EQ(error_of([] { read_file("/no/such/file"); }),
            "cannot open '/no/such/file': No such file or directory");
}

}  // namespace
}  // namespace moonpool
