#include "data/download/checksum.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "data/byte_source.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

std::string hexadecimal(const unsigned char* digest, unsigned length) {
  std::string text;
  for (unsigned i = 0; i < length; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace

std::string md5_of_file(const std::filesystem::path& path) {
  // Not through open_file, which would unpack what is compressed.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  check(descriptor >= 0, "cannot open {}: {}", shown(path), std::strerror(errno));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  bool good = context != nullptr && EVP_DigestInit_ex(context.get(), EVP_md5(), nullptr) == 1;
  std::vector<unsigned char> block(std::size_t{1} << 18);
  ssize_t got = 1;
  while (good && got != 0) {
    got = read(descriptor, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    good = got >= 0 &&
           EVP_DigestUpdate(context.get(), block.data(), static_cast<std::size_t>(got)) == 1;
  }
  const int reason = errno;
  close(descriptor);
  check(got == 0, "cannot read {}: {}", shown(path), std::strerror(reason));
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  check(good && EVP_DigestFinal_ex(context.get(), digest, &length) == 1,
        "OpenSSL cannot compute an MD5 here");
  return hexadecimal(digest, length);
}

struct Sha256::Context {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> evp{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  check(context_->evp && EVP_DigestInit_ex(context_->evp.get(), EVP_sha256(), nullptr) == 1,
        "OpenSSL cannot compute a SHA-256 here");
}

Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  check(EVP_DigestUpdate(context_->evp.get(), bytes.data(), bytes.size()) == 1,
        "OpenSSL cannot compute a SHA-256 here");
}

std::string Sha256::finish() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  check(EVP_DigestFinal_ex(context_->evp.get(), digest, &length) == 1,
        "OpenSSL cannot compute a SHA-256 here");
  return hexadecimal(digest, length);
}

}  // namespace moonpool
