#include "data/download/download.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "data/download/checksum.h"
#include "data/download/part_file.h"
#include "data/download/remote_sets.h"
#include "tests/data/http_server.h"
#include "tests/data/scratch.h"

namespace moonpool {
namespace {

namespace fs = std::filesystem;

std::string make_body(std::size_t size) {
  std::string body(size, '\0');
  for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 31 + i / 251);
  return body;
}

class Download : public ::testing::Test {
 protected:
  Download() {
    setenv("no_proxy", "127.0.0.1", 1);
    write_file_atomically(scratch_ / "original", body_);
    md5_ = md5_of_file(scratch_ / "original");
    fs::create_directory(scratch_ / "data");
  }

  DownloadResult get(const HttpServer& server, int attempts = 3) {
    return get_url(server.url() + "file.bin", attempts);
  }

  DownloadResult get_url(const std::string& url, int attempts = 3) {
    return download({.url = url, .place = "set/file.bin", .md5 = md5_, .most_bytes = 1 << 20},
                    scratch_ / "data",
                    {.attempts = attempts,
                     .first_pause = 0.01,
                     .stall_seconds = 1,
                     .progress =
                         [this](uint64_t done, uint64_t total) {
                           progress_ = {done, total};
                         },
                     .note = [this](std::string_view line) { notes_.emplace_back(line); }});
  }

  fs::path place() const { return scratch_ / "data" / "set" / "file.bin"; }
  fs::path part() const { return scratch_ / "data" / "set" / "file.bin.part"; }

  void expect_whole() const {
    EXPECT_EQ(read_file(place()), body_);
    EXPECT_FALSE(fs::exists(part()));
  }

  void leave_part(const std::string& bytes) {
    fs::create_directories(part().parent_path());
    write_file_atomically(part(), bytes);
  }

  const std::string body_ = make_body(300000);
  ScratchFolder scratch_;
  std::string md5_;
  std::pair<uint64_t, uint64_t> progress_;
  std::vector<std::string> notes_;
};

TEST_F(Download, BringsAFileOnceAndKnowsItIsThere) {
  HttpServer server([&](const HttpRequest& r) { return honest_answer(body_, r); });
  EXPECT_EQ(get(server), DownloadResult::kDownloaded);
  expect_whole();
  EXPECT_EQ(progress_, (std::pair<uint64_t, uint64_t>{body_.size(), body_.size()}));
  EXPECT_EQ(get(server), DownloadResult::kAlreadyThere);
  EXPECT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(server.requests()[0].path, "/file.bin");
  EXPECT_TRUE(notes_.empty());
}

TEST_F(Download, ReplacesAFileOfAnotherChecksum) {
  HttpServer server([&](const HttpRequest& r) { return honest_answer(body_, r); });
  fs::create_directories(place().parent_path());
  write_file_atomically(place(), "damaged");
  EXPECT_EQ(get(server), DownloadResult::kDownloaded);
  expect_whole();
}

TEST_F(Download, GoesOnWhereAnEarlierDownloadStopped) {
  HttpServer server([&](const HttpRequest& r) { return honest_answer(body_, r); });
  leave_part(body_.substr(0, 100000));
  get(server);
  expect_whole();
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(server.requests()[0].range_start, 100000u);
}

TEST_F(Download, TakesAPartThatWasWholeAlready) {
  HttpServer server([&](const HttpRequest& r) { return honest_answer(body_, r); });
  leave_part(body_);
  get(server);
  expect_whole();
}

TEST_F(Download, StartsAgainAfterAPartOfSomethingElse) {
  HttpServer server([&](const HttpRequest& r) { return honest_answer(body_, r); });
  leave_part(std::string(400000, 'x'));  // longer than the file
  get(server);
  expect_whole();
  leave_part(std::string(1000, 'x'));
  fs::remove(place());
  get(server);
  expect_whole();
}

TEST_F(Download, ResumesAfterEveryCut) {
  HttpServer server([&](const HttpRequest& r) {
    HttpAnswer answer = honest_answer(body_, r);
    answer.cut_after = 110000;
    return answer;
  });
  get(server);
  expect_whole();
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[1].range_start, 110000u);
  EXPECT_EQ(requests[2].range_start, 220000u);
  EXPECT_EQ(notes_.size(), 2u);
}

TEST_F(Download, ResumesAfterAStall) {
  int answers = 0;
  HttpServer server([&](const HttpRequest& r) {
    HttpAnswer answer = honest_answer(body_, r);
    if (++answers == 1) answer.stall_after = 50000;
    return answer;
  });
  get(server);
  expect_whole();
  EXPECT_EQ(server.requests().at(1).range_start, 50000u);
}

TEST_F(Download, StartsAgainWhereRangesAreIgnored) {
  int answers = 0;
  HttpServer server([&](const HttpRequest&) {
    HttpAnswer answer{.body = body_};
    if (++answers == 1) answer.cut_after = 50000;
    return answer;
  });
  get(server);
  expect_whole();
}

TEST_F(Download, StartsAgainWhereAnotherRangeComes) {
  HttpServer server([&](const HttpRequest& r) {
    HttpAnswer answer = honest_answer(body_, r);
    if (answer.status == 206) answer.headers = {"content-range: bytes 7-299999/300000"};
    return answer;
  });
  leave_part(body_.substr(0, 1000));
  get(server);
  expect_whole();
  EXPECT_EQ(notes_.size(), 1u);
}

TEST_F(Download, FollowsRedirections) {
  std::string other;
  HttpServer server([&](const HttpRequest& r) -> HttpAnswer {
    if (r.path == "/file.bin") {
      return {.status = 302, .headers = {"Location: /elsewhere"}, .body = "<html>moved</html>"};
    }
    return honest_answer(body_, r);
  });
  leave_part(body_.substr(0, 1000));
  get(server);
  expect_whole();
  EXPECT_EQ(server.requests().back().path, "/elsewhere");
  EXPECT_EQ(server.requests().back().range_start, 1000u);
}

TEST_F(Download, GivesUpOnACircleAndOnOtherProtocols) {
  std::string location = "Location: /file.bin";
  HttpServer server(
      [&](const HttpRequest&) { return HttpAnswer{.status = 301, .headers = {location}}; });
  EXPECT_NE(error_of([&] { get(server); }).find("redirects"), std::string::npos);
  EXPECT_EQ(server.requests().size(), 6u);
  location = "Location: file:///etc/passwd";
  EXPECT_NE(error_of([&] { get(server); }), "");
  EXPECT_FALSE(fs::exists(place()));
}

TEST_F(Download, NeverPlacesAFileOfAnotherChecksum) {
  HttpServer server([&](const HttpRequest& r) {
    HttpAnswer answer = honest_answer(body_, r);
    answer.body.back() = static_cast<char>(answer.body.back() ^ 1);
    return answer;
  });
  const std::string error = error_of([&] { get(server); });
  EXPECT_NE(error.find("its MD5 is "), std::string::npos) << error;
  EXPECT_NE(error.find("expected " + md5_), std::string::npos);
  EXPECT_FALSE(fs::exists(place()));
  EXPECT_FALSE(fs::exists(part()));
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST_F(Download, TakesTheSecondAnswerWhereTheFirstWasDamaged) {
  int answers = 0;
  HttpServer server([&](const HttpRequest& r) {
    HttpAnswer answer = honest_answer(body_, r);
    if (++answers == 1) answer.body[1234] ^= 1;
    return answer;
  });
  get(server);
  expect_whole();
}

TEST_F(Download, FindsACutWhereNoLengthIsSaid) {
  int answers = 0;
  HttpServer server([&](const HttpRequest& r) {
    HttpAnswer answer = honest_answer(body_, r);
    answer.says_length = false;
    if (++answers == 1) answer.cut_after = 1000;
    return answer;
  });
  get(server);
  expect_whole();
}

TEST_F(Download, StopsABodyThatDoesNotEnd) {
  const std::string endless(3 << 20, 'x');
  HttpServer server([&](const HttpRequest&) { return HttpAnswer{.body = endless}; });
  EXPECT_NE(error_of([&] { get(server); }).find("more than the 1048576 bytes"), std::string::npos);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(Download, DoesNotRepeatWhatIsUseless) {
  HttpServer server([&](const HttpRequest&) { return HttpAnswer{.status = 404, .body = "no"}; });
  EXPECT_EQ(error_of([&] { get(server); }),
            "cannot download " + server.url() + "file.bin: the server answers with status 404");
  EXPECT_EQ(server.requests().size(), 1u);
  EXPECT_NE(error_of([&] { get_url("ftp://127.0.0.1/file.bin"); }), "");
  EXPECT_NE(error_of([&] { get_url("file:///etc/passwd"); }), "");
}

TEST_F(Download, RepeatsWhatMayPass) {
  int answers = 0;
  HttpServer server([&](const HttpRequest& r) -> HttpAnswer {
    if (++answers < 3) return {.status = 503, .body = "later"};
    return honest_answer(body_, r);
  });
  get(server);
  expect_whole();
  HttpServer never([&](const HttpRequest&) { return HttpAnswer{.status = 500}; });
  fs::remove(place());
  EXPECT_NE(error_of([&] { get(never); }).find("status 500 (attempt 3)"), std::string::npos);
  EXPECT_EQ(never.requests().size(), 3u);
}

TEST_F(Download, SaysThatNobodyAnswers) {
  std::string url;
  {
    const HttpServer gone([](const HttpRequest&) { return HttpAnswer{}; });
    url = gone.url();
  }
  const std::string error = error_of([&] { get_url(url, 2); });
  EXPECT_TRUE(error.starts_with("cannot download " + url)) << error;
}

TEST_F(Download, LeavesThePartToOneProgram) {
  HttpServer server([&](const HttpRequest& r) { return honest_answer(body_, r); });
  fs::create_directories(place().parent_path());
  const PartFile other(place());
  EXPECT_EQ(error_of([&] { get(server); }),
            quoted(place()) + " is being downloaded by another program");
}

TEST(RemoteSets, HavePlacesWhereTheLoadersLook) {
  for (const std::string& name : remote_set_names()) {
    for (const RemoteFile& file : remote_files(name)) {
      EXPECT_TRUE(file.url.starts_with("http")) << file.url;
      EXPECT_EQ(file.md5.size(), 32u);
      EXPECT_GT(file.most_bytes, 0u);
    }
  }
  EXPECT_EQ(remote_files("kmnist", "http://localhost:1/x").at(2).url,
            "http://localhost:1/x/t10k-images-idx3-ubyte.gz");
  EXPECT_EQ(remote_files("kmnist").at(2).place, "KMNIST/raw/t10k-images-idx3-ubyte.gz");
  EXPECT_NE(error_of([] { remote_files("imagenet"); }, Error::Kind::kUsage), "");
}

TEST(Checksum, IsSha256) {
  Sha256 hash;
  hash.add("a");
  hash.add("bc");
  EXPECT_EQ(hash.finish(),  // FIPS 180-4's example
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Checksum, IsMd5) {
  const ScratchFolder scratch;
  write_file_atomically(scratch / "f", "abc");
  EXPECT_EQ(md5_of_file(scratch / "f"), "900150983cd24fb0d6963f7d28e17f72");  // RFC 1321
  EXPECT_NE(error_of([&] { md5_of_file(scratch / "g"); }), "");
}

}  // namespace
}  // namespace moonpool
