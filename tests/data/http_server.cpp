#include "tests/data/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr int kPollMilliseconds = 20;

bool send_all(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string receive_head(int connection) {
  std::string head;
  char block[4096];
  while (head.find("\r\n\r\n") == head.npos) {
    const ssize_t got = recv(connection, block, sizeof(block), 0);
    if (got <= 0) break;
    head.append(block, static_cast<std::size_t>(got));
  }
  return head;
}

HttpRequest parse(const std::string& head) {
  HttpRequest request;
  const std::size_t space = head.find(' ');
  if (space == head.npos) return request;
  request.path = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
  const std::string range = "Range: bytes=";
  if (const std::size_t at = head.find(range); at != head.npos) {
    request.range_start = std::strtoull(head.c_str() + at + range.size(), nullptr, 10);
  }
  return request;
}

bool is_readable(int descriptor) {
  pollfd entry{descriptor, POLLIN, 0};
  return poll(&entry, 1, kPollMilliseconds) > 0;
}

}  // namespace

HttpServer::HttpServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  check(listener_ >= 0 && bind(listener_, generic, size) == 0 && listen(listener_, 8) == 0 &&
            getsockname(listener_, generic, &size) == 0,
        "cannot listen on 127.0.0.1");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

HttpServer::~HttpServer() {
  stop_ = true;
  thread_.join();
  close(listener_);
}

std::string HttpServer::url() const { return fmt::format("http://127.0.0.1:{}/", port_); }

std::vector<HttpRequest> HttpServer::requests() {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

void HttpServer::serve() {
  while (!stop_) {
    if (!is_readable(listener_)) continue;
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    answer(connection);
    close(connection);
  }
}

void HttpServer::answer(int connection) {
  const HttpRequest request = parse(receive_head(connection));
  {
    const std::scoped_lock lock(mutex_);
    requests_.push_back(request);
  }
  const HttpAnswer answer = handler_(request);
  std::string head = fmt::format("HTTP/1.1 {} X\r\nConnection: close\r\n", answer.status);
  for (const std::string& header : answer.headers) head += header + "\r\n";
  if (answer.says_length) head += fmt::format("Content-Length: {}\r\n", answer.body.size());
  const std::size_t end =
      std::min({answer.body.size(), answer.cut_after.value_or(std::string::npos),
                answer.stall_after.value_or(std::string::npos)});
  if (!send_all(connection, head + "\r\n" + answer.body.substr(0, end))) return;
  if (!answer.stall_after) return;
  while (!stop_ && !is_readable(connection)) continue;  // readable: the other side has hung up
}

HttpAnswer honest_answer(const std::string& body, const HttpRequest& request) {
  if (!request.range_start) return {.body = body};
  const uint64_t start = *request.range_start;
  if (start >= body.size()) {
    return {.status = 416, .headers = {fmt::format("Content-Range: bytes */{}", body.size())}};
  }
  return {.status = 206,
          .headers = {fmt::format("Content-Range: bytes {}-{}/{}", start, body.size() - 1,
                                  body.size())},
          .body = body.substr(start)};
}

}  // namespace moonpool
