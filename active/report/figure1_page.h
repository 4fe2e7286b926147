// The page of Figure 1: one HTML file with nothing outside it.
#pragma once

#include <string>

#include "active/report/figure1.h"

namespace moonpool {

/// The picture in two shapes, as SVG; both empty where it could not be drawn, and then `note` says
/// why.
struct PagePicture {
  std::string wide;    // two panels beside each other: screens and paper
  std::string narrow;  // one below the other: phones
  std::string note;
};

/// index.html: what is shown, the picture, the results beside the published ones, the comparisons,
/// and how it was made. Follows the reader's light or dark setting.
std::string figure1_page(const Figure1Report& report, const PagePicture& picture);

}  // namespace moonpool
