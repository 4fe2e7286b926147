#include "active/report/progress.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

namespace moonpool {
namespace {

/// A stream that can be read back, and a clock that stands until it is moved.
class ProgressTest : public testing::Test {
 protected:
  ProgressTest() : stream_(std::tmpfile()) {}
  ~ProgressTest() override { std::fclose(stream_); }

  ProgressOptions options(bool on_terminal) {
    return {.stream = stream_, .on_terminal = on_terminal, .seconds_now = [this] { return now_; }};
  }

  std::string written() {
    std::string text;
    std::rewind(stream_);
    for (int c = std::fgetc(stream_); c != EOF; c = std::fgetc(stream_))
      text += static_cast<char>(c);
    return text;
  }

  static int64_t count(const std::string& text, const std::string& part) {
    int64_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
      ++found;
    }
    return found;
  }

  std::FILE* stream_;
  double now_ = 1000;
};

TEST_F(ProgressTest, LogHasALineInTenSecondsAndALast) {
  {
    Progress progress("Figure 1", 40, options(false));
    progress.set_label("LHD, seed 3");
    for (int i = 0; i < 39; ++i) {
      now_ += 1;
      progress.advance();
    }
    progress.set_label("");
    progress.advance();
  }
  EXPECT_EQ(written(),
            "Figure 1  10/40  0:10, about 0:30 left  LHD, seed 3\n"
            "Figure 1  20/40  0:20, about 0:20 left  LHD, seed 3\n"
            "Figure 1  30/40  0:30, about 0:10 left  LHD, seed 3\n"
            "Figure 1  40/40  0:39\n");
}

TEST_F(ProgressTest, LogSaysNothingTwice) {
  Progress progress("Figure 1", 2, options(false));
  progress.advance(5);
  progress.advance();
  EXPECT_EQ(written(), "Figure 1  2/2  0:00\n");
}

TEST_F(ProgressTest, TerminalIsDrawnTenTimesASecond) {
  {
    Progress progress("Figure 1", 1000, options(true));
    for (int i = 0; i < 500; ++i) {
      now_ += 0.01;
      progress.advance();
    }
  }
  const std::string text = written();
  const int64_t frames = count(text, "\r\x1b[2K") - 1;  // the last one wipes
  EXPECT_GE(frames, 40);
  EXPECT_LE(frames, 51);
  EXPECT_EQ(count(text, "\n"), 0);
  EXPECT_TRUE(text.ends_with("\r\x1b[2K"));
  EXPECT_NE(text.find("Figure 1  [>                       ]  0/1000  0:00"), std::string::npos);
}

TEST_F(ProgressTest, TerminalLineNeverWraps) {
  {
    Progress progress("Figure 1", 2, options(true));
    now_ += 4000;
    progress.set_label(std::string(300, 'x') + "±±±");
  }
  std::string text = written();
  std::size_t longest = 0;
  while (!text.empty()) {
    const std::size_t frame = text.find("\r\x1b[2K", 1);
    longest = std::max(longest, std::min(frame, text.size()) - 5);
    text.erase(0, frame);
  }
  EXPECT_EQ(longest, 79u);
}

TEST_F(ProgressTest, PrintedLinesStandAlone) {
  {
    Progress progress("Figure 1", 2, options(true));
    progress.print("a warning");
  }
  EXPECT_NE(written().find("\r\x1b[2Ka warning\n\r\x1b[2KFigure 1"), std::string::npos);
}

TEST_F(ProgressTest, PrintedLinesInALogArePlain) {
  Progress progress("Figure 1", 2, options(false));
  progress.print("a warning");
  EXPECT_EQ(written(), "a warning\n");
}

TEST_F(ProgressTest, CountsFromManyThreads) {
  {
    Progress progress("Figure 1", 4000,
                      {.stream = stream_, .on_terminal = true, .seconds_now = {}});
    std::vector<std::jthread> workers;
    workers.reserve(4);
    for (int worker = 0; worker < 4; ++worker) {
      workers.emplace_back([&progress] {
        for (int i = 0; i < 1000; ++i) {
          progress.set_label("working");
          progress.advance();
        }
      });
    }
    workers.clear();
    progress.print("done");
  }
  EXPECT_NE(written().find("4000/4000"), std::string::npos);
}

}  // namespace
}  // namespace moonpool
