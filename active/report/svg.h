// Makes gnuplot's SVG fit for a web page.
#pragma once

#include <string>
#include <string_view>

namespace moonpool {

/// `svg` as gnuplot's svg terminal writes it, in a fifth of the bytes: coordinates of paths
/// relative and with one decimal (a tenth of a pixel), without definitions that nothing uses, empty
/// groups, and the names of plots, which browsers show as tool tips. `title` takes the place of
/// gnuplot's own title. What is not recognised stays as it is.
std::string compact_gnuplot_svg(std::string_view svg, std::string_view title);

/// `text` with the characters &, <, >, " and ' written as XML and HTML want them.
std::string escape_markup(std::string_view text);

}  // namespace moonpool
