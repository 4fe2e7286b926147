// Data files that are cut off, damaged, something else, or no files: one line that says which and
// why, and nothing written.
#include <sys/stat.h>

#include <functional>

#include "data/npy.h"
#include "tests/data/compressed.h"
#include "tests/programs/refusal.h"

namespace moonpool {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = fs::path(MOONPOOL_GOLDEN_DIR) / "data";

void put(const fs::path& path, const std::string& bytes) { write_file_atomically(path, bytes); }

void cut(const fs::path& path, int64_t bytes) {
  const auto size = static_cast<int64_t>(fs::file_size(path));
  fs::resize_file(path, static_cast<std::uintmax_t>(bytes < 0 ? size + bytes : bytes));
}

void change(const fs::path& path, std::size_t at, char byte) {
  std::string bytes = read_file(path);
  bytes.at(at) = byte;
  put(path, bytes);
}

void make_fifo(const fs::path& path) {
  fs::remove(path);
  ASSERT_EQ(mkfifo(path.c_str(), 0666), 0);
}

/// What is done to a good data set, and what the line then has in it.
struct Damage {
  std::function<void(const fs::path&)> apply;
  std::vector<std::string> words;
};

class BadFiles : public RefusalTest {
 protected:
  /// `make` writes a good data set into a folder; each damage is done to a fresh one.
  void expect_refusals(const std::string& options, const std::function<void(const fs::path&)>& make,
                       const std::vector<Damage>& damages) {
    const std::string command = "data inspect --dataset " + options + " --data-dir '";
    const fs::path good = scratch_ / "good";
    fs::create_directory(good);
    make(good);
    EXPECT_EQ(run_program_line("moonpool " + command + good.string() + "'").err, "");
    for (std::size_t i = 0; i < damages.size(); ++i) {
      SCOPED_TRACE(fmt::format("damage {}", i));
      const fs::path bad = scratch_ / fmt::format("bad{}", i);
      fs::create_directory(bad);
      make(bad);
      damages[i].apply(bad);
      expect_refusal(command + bad.string() + "' --out '" + (scratch_ / "sheets").string() + "'", 1,
                     damages[i].words);
    }
  }
};

TEST_F(BadFiles, Cifar10) {
  expect_refusals(
      "cifar10", [](const fs::path& dir) { write_small_cifar10(dir, 2); },
      {{[](const fs::path& dir) { fs::remove(dir / "data_batch_1.bin"); },
        {"no CIFAR-10", "data_batch_1.bin", "cifar-10-binary.tar.gz"}},
       {[](const fs::path& dir) { fs::remove(dir / "data_batch_3.bin"); },
        {"data_batch_3.bin", "No such file"}},
       {[](const fs::path& dir) { cut(dir / "test_batch.bin", 0); },
        {"test_batch.bin", "is empty", "3073"}},
       {[](const fs::path& dir) { cut(dir / "data_batch_4.bin", 5000); },
        {"data_batch_4.bin", "truncated", "at byte 3073", "1927"}},
       {[](const fs::path& dir) { change(dir / "data_batch_2.bin", 3073, '\x0a'); },
        {"data_batch_2.bin", "at byte 3073", "label 10", "0 to 9"}},
       {[](const fs::path& dir) {
          fs::remove(dir / "data_batch_5.bin");
          fs::create_directory(dir / "data_batch_5.bin");
        },
        {"data_batch_5.bin", "no regular file"}},
       {[](const fs::path& dir) { make_fifo(dir / "data_batch_2.bin"); },
        {"data_batch_2.bin", "no regular file"}},
       {[](const fs::path& dir) { make_fifo(dir / "batches.meta.txt"); },
        {"batches.meta.txt", "no regular file"}},
       {[](const fs::path& dir) {
          fs::remove(dir / "data_batch_2.bin");
          fs::create_symlink("nowhere", dir / "data_batch_2.bin");
        },
        {"data_batch_2.bin", "No such file"}},
       {[](const fs::path& dir) {
          fs::remove(dir / "data_batch_2.bin");
          fs::create_symlink("/dev/zero", dir / "data_batch_2.bin");
        },
        {"data_batch_2.bin", "no regular file"}},
       {[](const fs::path& dir) { put(dir / "batches.meta.txt", "cat\ndog\n"); },
        {"batches.meta.txt", "names 2 classes", "10"}},
       {[](const fs::path& dir) { put(dir / "batches.meta.txt", std::string(1 << 20, 'x')); },
        {"batches.meta.txt", "names 1 classes"}},
       {[](const fs::path& dir) {
          const std::string packed = gzip_bytes(read_file(dir / "data_batch_2.bin"));
          put(dir / "data_batch_2.bin", packed.substr(0, packed.size() / 2));
        },
        {"data_batch_2.bin", "truncated", "compressed"}}});
}

std::vector<TarEntry> archive_of(const fs::path& dir) {
  std::vector<TarEntry> entries;
  for (const char* name : {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                           "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"}) {
    entries.push_back({"cifar-10-batches-bin/" + std::string(name), read_file(dir / name)});
    fs::remove(dir / name);
  }
  return entries;
}

TEST_F(BadFiles, Cifar10Archive) {
  const std::string name = "cifar-10-binary.tar.gz";
  const auto with = [&](const std::function<void(std::vector<TarEntry>&)>& edit) {
    return [=](const fs::path& dir) {
      const ScratchFolder loose;
      write_small_cifar10(loose.path(), 1);
      std::vector<TarEntry> entries = archive_of(loose.path());
      edit(entries);
      write_tar_gz(dir / name, entries);
    };
  };
  using Entries = std::vector<TarEntry>;
  expect_refusals(
      "cifar10",
      [&](const fs::path& dir) {
        write_small_cifar10(dir, 1);
        write_tar_gz(dir / name, archive_of(dir));
      },
      {{[&](const fs::path& dir) { cut(dir / name, -60); }, {name, "truncated"}},
       {[&](const fs::path& dir) { cut(dir / name, 0); }, {name, "tar archive"}},
       {[&](const fs::path& dir) { put(dir / name, "<html>404</html>"); }, {name, "tar archive"}},
       {[&](const fs::path& dir) { make_fifo(dir / name); }, {name, "no regular file"}},
       {with([](Entries& e) { e[1].path = "../../data_batch_2.bin"; }),
        {name, "../../data_batch_2.bin", "leads out of the archive"}},
       {with([](Entries& e) { e[1].path = "/etc/data_batch_2.bin"; }),
        {name, "/etc/data_batch_2.bin", "leads out of the archive"}},
       {with([](Entries& e) {
          e[1] = {e[1].path, "", "/etc/passwd"};
        }),
        {name, "data_batch_2.bin", "link"}},
       {with([](Entries& e) {
          e[1] = {e[1].path, "", e[0].path, true};
        }),
        {name, "data_batch_2.bin", "link"}},
       {with([](Entries& e) { e.push_back(e[2]); }), {name, "data_batch_3.bin", "twice"}},
       {with([](Entries& e) { e.pop_back(); }), {name, "has no test_batch.bin"}},
       {with([](Entries& e) { e[3].bytes.resize(3000); }),
        {"data_batch_4.bin", "truncated", "3000 of its 3073"}},
       {with([](Entries& e) { e[3].bytes[0] = 77; }), {"data_batch_4.bin", "label 77"}}});
}

TEST_F(BadFiles, Cifar100AndPickles) {
  const std::string record = std::string(1, 3) + std::string(1, 99) + std::string(3072, 'x');
  expect_refusals(
      "cifar100",
      [&](const fs::path& dir) {
        put(dir / "train.bin", record);
        put(dir / "test.bin", record);
      },
      {{[](const fs::path& dir) { change(dir / "train.bin", 1, 100); },
        {"train.bin", "label 100", "0 to 99"}},
       {[](const fs::path& dir) { fs::remove(dir / "test.bin"); }, {"test.bin", "No such file"}}});
  const ScratchFolder pickles;
  const fs::path folder = pickles / "cifar-10-batches-py";
  fs::create_directory(folder);
  for (const char* name : {"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4",
                           "data_batch_5", "test_batch"}) {
    put(folder / name, "cos\nsystem\n(S'true'\ntR.");
  }
  expect_refusal("data inspect --dataset cifar10 --data-dir " + pickles.path().string(), 1,
                 {"data_batch_1", "no pickle of protocol 2"});
}

TEST_F(BadFiles, Svhn) {
  const std::string train = "train_32x32.mat", test = "test_32x32.mat";
  expect_refusals(
      "svhn",
      [&](const fs::path& dir) {
        fs::copy_file(kGolden / "bytes.mat", dir / train);
        fs::copy_file(kGolden / "plain.mat", dir / test);
      },
      {{[&](const fs::path& dir) { fs::remove(dir / test); }, {"no SVHN", test}},
       {[&](const fs::path& dir) { put(dir / train, "<html>"); }, {train, "no MATLAB file"}},
       {[&](const fs::path& dir) { change(dir / train, 125, 2); }, {train, "7.3", "HDF5"}},
       {[&](const fs::path& dir) { cut(dir / train, -100); }, {train, "truncated"}},
       {[&](const fs::path& dir) { change(dir / train, 600, '\x55'); }, {train, "byte"}},
       {[&](const fs::path& dir) { cut(dir / train, 128); }, {train, "no variable X"}},
       {[&](const fs::path& dir) { make_fifo(dir / test); }, {test, "no regular file"}}});
}

std::string idx(const std::vector<uint32_t>& extents, const std::string& values) {
  std::string bytes{'\0', '\0', '\x08', static_cast<char>(extents.size())};
  for (const uint32_t extent : extents) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(extent >> shift);
  }
  return bytes + values;
}

TEST_F(BadFiles, Mnist) {
  const std::string images = "train-images-idx3-ubyte", labels = "train-labels-idx1-ubyte";
  const std::string pixels(std::size_t{2} * 784, 'p');
  expect_refusals(
      "mnist",
      [&](const fs::path& dir) {
        for (const std::string split : {"train", "t10k"}) {
          put(dir / (split + "-images-idx3-ubyte"), idx({2, 28, 28}, pixels));
          put(dir / (split + "-labels-idx1-ubyte"), idx({2}, {3, 9}));
        }
      },
      {{[&](const fs::path& dir) { fs::rename(dir / labels, dir / images); }, {"no MNIST", labels}},
       {[&](const fs::path& dir) {
          fs::copy_file(dir / labels, dir / images, fs::copy_options::overwrite_existing);
        },
        {images, "no IDX file of images", "0x00000801"}},
       {[&](const fs::path& dir) {
          put(dir / images, idx({2, 28, 28}, pixels) + "x");
        },
        {images, "too long", "byte 1584"}},
       {[&](const fs::path& dir) { cut(dir / images, -5); },
        {images, "truncated", "byte 1579", "2 images of 28 x 28"}},
       {[&](const fs::path& dir) {
          put(dir / images, idx({1U << 31, 1024, 1024}, pixels));
        },
        {images, "truncated"}},
       {[&](const fs::path& dir) {
          put(dir / images, idx({2, 0, 28}, ""));
        },
        {images, "0 x 28", "1 to 1024"}},
       {[&](const fs::path& dir) {
          put(dir / labels, idx({2}, {3, 10}));
        },
        {labels, "label 1, at byte 9, is 10"}},
       {[&](const fs::path& dir) { put(dir / labels, idx({1}, {3})); },
        {images, "2 images", labels, "1 labels"}},
       {[&](const fs::path& dir) {
          put(dir / images, idx({2, 14, 56}, pixels));
        },
        {"14 x 56", "28 x 28"}},
       {[&](const fs::path& dir) {
          const std::string packed = gzip_bytes(idx({2, 28, 28}, pixels));
          put(dir / images, packed.substr(0, packed.size() - 4));
        },
        {images, "compressed"}}});
}

TEST_F(BadFiles, PictureFolder) {
  const auto make = [](const fs::path& dir) {
    for (const std::string name : {"cat", "h\xc3\xbchner"}) {
      fs::create_directory(dir / name);
      for (const std::string file : {"rgb.png", "baseline.jpg"}) {
        fs::copy_file(kGolden / file, dir / name / file);
      }
    }
  };
  expect_refusals(
      "folder", make,
      {{[](const fs::path& dir) { fs::create_directory(dir / "empty"); },
        {"empty", "has no .png, .jpg or .jpeg"}},
       {[](const fs::path& dir) { fs::remove_all(dir / "cat"); }, {"1 folders of classes"}},
       {[](const fs::path& dir) { fs::remove(dir / "cat/rgb.png"); }, {"cat", "1 picture"}},
       {[](const fs::path& dir) { put(dir / "cat/rgb.png", "text"); },
        {"cat/rgb.png", "neither a PNG nor a JPEG"}},
       {[](const fs::path& dir) { cut(dir / "cat/rgb.png", -20); },
        {"cat/rgb.png", "damaged or truncated PNG"}},
       {[](const fs::path& dir) { change(dir / "cat/rgb.png", 60, '\x13'); },
        {"cat/rgb.png", "damaged PNG", "checksum"}},
       {[](const fs::path& dir) { cut(dir / "h\xc3\xbchner/baseline.jpg", -200); },
        {"h\xc3\xbchner/baseline.jpg", "damaged or truncated JPEG"}},
       {[](const fs::path& dir) { cut(dir / "cat/baseline.jpg", 0); }, {"cat/baseline.jpg"}},
       {[](const fs::path& dir) { fs::copy_file(kGolden / "cmyk.jpg", dir / "cat/c.jpg"); },
        {"cat/c.jpg", "CMYK"}},
       {[](const fs::path& dir) { put(dir / "cat/new\nline.png", "text"); },
        {"new\\x0aline.png", "neither"}},
       {[](const fs::path& dir) {
          fs::create_directories(dir / "train/a");
          fs::create_directories(dir / "train/b");
          fs::create_directories(dir / "test/a");
          fs::create_directories(dir / "test/c");
        },
        {"train", "test", "not the same folders"}}});
  fs::copy_file(kGolden / "large.png", scratch_ / "good/cat/large.png");
  expect_refusal(
      "data inspect --dataset folder --image-size 0 --data-dir " + (scratch_ / "good").string(), 1,
      {"cat/", "pixels", "give a size"});
  expect_refusal("data inspect --dataset folder --data-dir /nowhere/at/all", 1,
                 {"/nowhere/at/all", "No such file"});
}

TEST_F(BadFiles, Npy) {
  const std::string images = "train_images.npy", labels = "train_labels.npy";
  const auto overwrite = [](const std::string& name, NpyArray array) {
    return [=](const fs::path& dir) { write_npy(dir / name, array); };
  };
  expect_refusals(
      "npy",
      [](const fs::path& dir) {
        for (const std::string split : {"train", "test"}) {
          write_npy(dir / (split + "_images.npy"), {{2, 4, 4, 3}, std::vector<uint8_t>(96, 7)});
          write_npy(dir / (split + "_labels.npy"), {{2}, std::vector<int64_t>{0, 1}});
        }
      },
      {{[&](const fs::path& dir) { fs::remove(dir / labels); }, {labels, "No such file"}},
       {[&](const fs::path& dir) { put(dir / images, "PK\3\4"); }, {images, "no .npy file"}},
       {[&](const fs::path& dir) { cut(dir / images, -1); }, {images, "95 bytes", "96 values"}},
       {[&](const fs::path& dir) { cut(dir / images, 40); }, {images, "inside its header"}},
       {overwrite(images, {{2, 4, 4, 3}, std::vector<float>(96)}), {images, "<f4", "|u1"}},
       {overwrite(images, {{2, 4, 4, 2}, std::vector<uint8_t>(64)}), {images, "[2, 4, 4, 2]"}},
       {overwrite(images, {{3, 4, 4, 3}, std::vector<uint8_t>(144)}),
        {images, "3 images", labels, "2 labels"}},
       {overwrite(images, {{2, 5, 4, 3}, std::vector<uint8_t>(120)}), {"5 x 4", "4 x 4"}},
       {overwrite(labels, {{2}, std::vector<int64_t>{0, -1}}), {labels, "label 1 is -1"}},
       {overwrite(labels, {{2}, std::vector<float>{0, 1}}), {labels, "float32"}},
       {overwrite(labels, {{1, 2}, std::vector<int64_t>{0, 1}}), {labels, "[1, 2]", "[n]"}},
       {overwrite("test_labels.npy", {{2}, std::vector<int64_t>{0, 5}}),
        {"test_labels.npy", "is 5", "0 to 1"}},
       {[&](const fs::path& dir) {
          std::string bytes = read_file(dir / images);
          bytes.replace(bytes.find("(2, 4"), 5, "(9, 4");
          put(dir / images, bytes);
        },
        {images, "96 bytes", "432 values"}},
       {[&](const fs::path& dir) { make_fifo(dir / images); }, {images, "no regular file"}},
       {[&](const fs::path& dir) { put(dir / "class_names.txt", "one\n"); },
        {"class_names.txt", "names 1 classes"}},
       {[&](const fs::path& dir) { make_fifo(dir / "class_names.txt"); },
        {"class_names.txt", "no regular file"}}});
}

TEST_F(BadFiles, ExportAndRunRefuseThemToo) {
  write_small_cifar10(scratch_ / "data", 2);
  make_fifo(scratch_ / "data/data_batch_5.bin");
  put(scratch_ / "x.npy", "kept");
  const std::string data = " --dataset cifar10 --data-dir " + (scratch_ / "data").string();
  expect_refusal("data export --images " + (scratch_ / "x.npy").string() + " --labels " +
                     (scratch_ / "y.npy").string() + data,
                 1, {"data_batch_5.bin", "no regular file"});
  expect_refusal("run --device cpu --out " + (scratch_ / "run").string() + data, 1,
                 {"data_batch_5.bin", "no regular file"});
}

}  // namespace
}  // namespace moonpool
