// Base64 (RFC 4648), for files inside a page.
#pragma once

#include <string>
#include <string_view>

namespace moonpool {

std::string base64(std::string_view bytes);

}  // namespace moonpool
