// The look of all pages.
#pragma once

#include <string_view>

namespace moonpool {

/// A style sheet: light, dark, phone and paper. Pages use `ours` for a marked row, `scroll` around
/// wide tables, `picture`, `wide` and `narrow` for pictures, `note` for what is said below a table.
std::string_view page_style();

}  // namespace moonpool
