#include "data/download/download.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>

#include "data/byte_source.h"
#include "data/download/checksum.h"
#include "data/download/part_file.h"
#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr uint64_t kWorthwhile = uint64_t{1} << 20;  // bytes that make an attempt a success
constexpr int kChecksumAttempts = 3;
constexpr long kMostRedirections = 5;
constexpr long kConnectSeconds = 20;

/// How an attempt ended.
struct Outcome {
  enum class Kind { kWhole, kTryAgain, kUseless } kind;
  std::string reason;
};

/// One request, whose answer goes to the end of a part file.
class Transfer {
 public:
  Transfer(const RemoteFile& file, PartFile& part, const DownloadOptions& options)
      : file_(file), part_(part), options_(options), start_(part.size()) {}

  Outcome run() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                   curl_easy_cleanup);
    if (curl == nullptr) throw std::bad_alloc();
    curl_ = curl.get();
    set_options();
    const CURLcode code = curl_easy_perform(curl_);
    if (failure_) std::rethrow_exception(failure_);
    return judge(code);
  }

 private:
  void set_options() {
    curl_easy_setopt(curl_, CURLOPT_URL, file_.url.c_str());
    curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl_, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl_, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl_, CURLOPT_MAXREDIRS, kMostRedirections);
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.stall_seconds));
    curl_easy_setopt(curl_, CURLOPT_USERAGENT, "moonpool/" MOONPOOL_VERSION);
    curl_easy_setopt(curl_, CURLOPT_ERRORBUFFER, error_);
    curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    curl_easy_setopt(curl_, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, this);
    // A range of our own, not CURLOPT_RESUME_FROM: with that, libcurl gives up on a server that
    // ignores it.
    if (start_ > 0) {
      range_ = fmt::format("{}-", start_);
      curl_easy_setopt(curl_, CURLOPT_RANGE, range_.c_str());
    }
  }

  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self) {
    static_cast<Transfer*>(self)->header({data, size});
    return size;
  }

  /// Exceptions must not cross libcurl: they wait in failure_.
  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    try {
      return transfer.body({data, size}) ? size : 0;
    } catch (...) {
      transfer.failure_ = std::current_exception();
      return 0;
    }
  }

  void header(std::string_view line) {
    if (line.starts_with("HTTP/")) range_start_.reset();  // of the next answer after a redirection
    constexpr std::string_view kName = "content-range: bytes ";
    if (line.size() <= kName.size()) return;
    const bool is_range = std::equal(kName.begin(), kName.end(), line.begin(), [](char a, char b) {
      return a == std::tolower(static_cast<unsigned char>(b));
    });
    uint64_t first = 0;
    if (is_range &&
        std::from_chars(line.data() + kName.size(), line.data() + line.size(), first).ec ==
            std::errc()) {
      range_start_ = first;
    }
  }

  /// Whether the transfer may go on.
  bool body(std::span<const char> bytes) {
    if (!std::exchange(has_begun_, true)) begin();
    if (!is_wanted_) return true;  // the page that comes with an error
    if (part_.size() + bytes.size() > file_.most_bytes) {
      is_too_long_ = true;
      return false;
    }
    part_.append(bytes);
    if (options_.progress) options_.progress(part_.size(), total_);
    return true;
  }

  void begin() {
    const long status = this->status();
    is_wanted_ = status == 200 || (status == 206 && start_ > 0);
    if (!is_wanted_) return;
    // Only what says that it begins where our part ends can follow it.
    is_misplaced_ = status == 206 && range_start_ != start_;
    if (status == 200 || is_misplaced_) part_.clear();
    is_wanted_ = !is_misplaced_;
    curl_off_t length = -1;
    curl_easy_getinfo(curl_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length >= 0) total_ = part_.size() + static_cast<uint64_t>(length);
  }

  long status() const {
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    return status;
  }

  Outcome judge(CURLcode code) {
    using Kind = Outcome::Kind;
    if (is_too_long_) {
      part_.clear();
      return {Kind::kUseless, fmt::format("the answer has more than the {} bytes that it can have",
                                          file_.most_bytes)};
    }
    if (code != CURLE_OK) {
      const bool useless = code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT ||
                           code == CURLE_TOO_MANY_REDIRECTS;
      const std::string reason = error_[0] != '\0' ? error_ : curl_easy_strerror(code);
      return {useless ? Kind::kUseless : Kind::kTryAgain, reason};
    }
    const long answer = status();
    if (is_misplaced_) return {Kind::kTryAgain, "the answer is another part than was asked for"};
    if (answer == 200 && !has_begun_) part_.clear();  // an empty body
    if (answer == 200 || answer == 206) return {Kind::kWhole, ""};
    // Nothing after the end of our part: it is whole, or longer than the file. The checksum knows.
    if (answer == 416 && start_ > 0) return {Kind::kWhole, ""};
    const bool useless = answer >= 400 && answer < 500 && answer != 408 && answer != 429;
    return {useless ? Kind::kUseless : Kind::kTryAgain,
            fmt::format("the server answers with status {}", answer)};
  }

  const RemoteFile& file_;
  PartFile& part_;
  const DownloadOptions& options_;
  const uint64_t start_;
  CURL* curl_ = nullptr;
  char error_[CURL_ERROR_SIZE] = {};
  std::string range_;
  std::optional<uint64_t> range_start_;
  bool has_begun_ = false;
  bool is_wanted_ = false;
  bool is_misplaced_ = false;
  bool is_too_long_ = false;
  uint64_t total_ = 0;
  std::exception_ptr failure_;
};

bool has_checksum(const std::filesystem::path& path, const std::string& md5) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && md5_of_file(path) == md5;
}

/// Repeats transfers until one is whole, or gives up.
void transfer_whole(const RemoteFile& file, PartFile& part, const DownloadOptions& options) {
  double pause = options.first_pause;
  for (int attempt = 1;; ++attempt) {
    const uint64_t before = part.size();
    const Outcome outcome = Transfer(file, part, options).run();
    if (outcome.kind == Outcome::Kind::kWhole) return;
    if (part.size() >= before + kWorthwhile) {
      attempt = 1;
      pause = options.first_pause;
    }
    if (outcome.kind == Outcome::Kind::kUseless || attempt >= options.attempts) {
      fail("cannot download {}: {}{}", file.url, outcome.reason,
           attempt > 1 ? fmt::format(" (attempt {})", attempt) : "");
    }
    if (options.note) {
      options.note(fmt::format("{}: {}; trying again", file.url, outcome.reason));
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(pause));
    pause *= 2;
  }
}

}  // namespace

DownloadResult download(const RemoteFile& file, const std::filesystem::path& data_dir,
                        const DownloadOptions& options) {
  const std::filesystem::path target = data_dir / file.place;
  if (has_checksum(target, file.md5)) return DownloadResult::kAlreadyThere;
  create_directories_or_fail(target.parent_path());
  PartFile part(target);
  for (int attempt = 1;; ++attempt) {
    transfer_whole(file, part, options);
    const std::string md5 = md5_of_file(part.path());
    if (md5 == file.md5) break;
    part.clear();
    const std::string reason =
        fmt::format("{}: its MD5 is {}; expected {}", file.url, md5, file.md5);
    if (attempt >= kChecksumAttempts) {
      std::error_code ignored;
      std::filesystem::remove(part.path(), ignored);
      fail("{} (attempt {})", reason, attempt);
    }
    if (options.note) options.note(reason + "; downloading it again");
  }
  part.finish();
  return DownloadResult::kDownloaded;
}

}  // namespace moonpool
