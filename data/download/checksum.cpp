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
  std::string text;
  for (unsigned i = 0; i < length; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace moonpool
