// The picture of Figure 1: what each strategy's model predicts in the plane, and the points that it
// was taught.
#pragma once

#include <span>
#include <string>

#include "active/report/gnuplot.h"
#include "active/report/run_result.h"

namespace moonpool {

enum class PictureFormat {
  kSvg,  // the output is a whole SVG file with nothing outside it, small enough for a page
  kPng,  // at two pixels to one of the SVG
};

/// Draws one panel for each element of `panels`, in that order and `columns` beside each other, on
/// common axes. Regions are light, the labelled points of the same class are the same hue in full;
/// noisy examples have a mark of their own; a legend says so. Throws on a panel whose sizes do not
/// agree or whose classes are not 0..3; what gnuplot cannot do is in the result.
GnuplotResult draw_figure1(std::span<const Figure1Panel> panels, int columns, PictureFormat format);

/// The script that draw_figure1 gives to gnuplot.
std::string figure1_script(std::span<const Figure1Panel> panels, int columns, PictureFormat format);

}  // namespace moonpool
