// A web server for one test, on this machine only, that misbehaves as it is told.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace moonpool {

struct HttpRequest {
  std::string path;
  std::optional<uint64_t> range_start;  // of "Range: bytes=N-"
};

struct HttpAnswer {
  int status = 200;
  std::vector<std::string> headers{};  // besides Content-Length
  std::string body{};
  bool says_length = true;
  std::optional<std::size_t> cut_after{};  // bytes of the body after which the connection closes
  std::optional<std::size_t>
      stall_after{};  // ... after which nothing comes for as long as it is open
};

/// Answers each request by `handler`, one connection after another, until it goes.
class HttpServer {
 public:
  using Handler = std::function<HttpAnswer(const HttpRequest&)>;
  explicit HttpServer(Handler handler);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  /// "http://127.0.0.1:PORT/"
  std::string url() const;
  std::vector<HttpRequest> requests();

 private:
  void serve();
  void answer(int connection);

  Handler handler_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::vector<HttpRequest> requests_;
  std::thread thread_;
};

/// What an honest server answers that has `body`, to a request with or without a range.
HttpAnswer honest_answer(const std::string& body, const HttpRequest& request);

}  // namespace moonpool
