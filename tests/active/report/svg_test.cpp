#include "active/report/svg.h"

#include <gtest/gtest.h>

namespace moonpool {
namespace {

std::string path(const std::string& data) {
  return compact_gnuplot_svg("<path d='" + data + "'/>", "");
}

TEST(Svg, PathsBecomeRelativeTenths) {
  EXPECT_EQ(path("M54.53,164.00 L63.53,164.00 L63.53,163.66  "),
            "<path d='m54.5 164l9 0 0-.3'/>\n");
  // Steps are taken between rounded points: their sum is again a rounded point.
  EXPECT_EQ(path("M0.04,0.00 L0.08,0.00 L0.12,0.00"), "<path d='m0 0l.1 0h0'/>\n");
}

TEST(Svg, DotsAreLinesOfNoLength) {
  EXPECT_EQ(path("M10.00,20.00 L10.02,20.00 M13.00,18.50 L13.02,18.50 "),
            "<path d='m10 20h0m3-1.5h0'/>\n");
}

TEST(Svg, ClosedPathsGoOnFromTheirStart) {
  EXPECT_EQ(path("M1.00,1.00 L2.00,1.00 L2.00,2.00 Z M3.00,1.00 L3.00,4.00"),
            "<path d='m1 1l1 0 0 1zm2 0l0 3'/>\n");
}

TEST(Svg, UnknownPathsStay) {
  EXPECT_EQ(path("M1.00,1.00 C2,2 3,3 4,4"), "<path d='M1.00,1.00 C2,2 3,3 4,4'/>\n");
  EXPECT_EQ(path("M1.00"), "<path d='M1.00'/>\n");
  EXPECT_EQ(compact_gnuplot_svg("<path d='M1.00,2.00", ""), "<path d='M1.00,2.00\n");
}

TEST(Svg, PolygonsAreRounded) {
  EXPECT_EQ(compact_gnuplot_svg("<polygon points = '1.04,2.06 -3.00,0.00 '/>", ""),
            "<polygon points = '1 2.1-3 0'/>\n");
}

TEST(Svg, EmptyGroupsAndNamesOfPlotsGo) {
  EXPECT_EQ(compact_gnuplot_svg("<svg>\n<title>Gnuplot</title>\n<g a>\n<g b>\n</g>\n</g>\n<g c>\n"
                                "\t<title>gnuplot_plot_1</title>\n<text>1 < 2</text></g></svg>",
                                "A & B"),
            "<svg>\n<title>A &amp; B</title>\n<g c>\n<text>1 < 2</text></g></svg>\n");
}

TEST(Svg, DefinitionsStayOnlyWhereTheyAreUsed) {
  EXPECT_EQ(compact_gnuplot_svg("<svg>\n<defs><path id='p'/></defs>\n</svg>", ""),
            "<svg>\n</svg>\n");
  const std::string used = "<svg>\n<defs><path id='p'/></defs>\n<use xlink:href='#p'/>\n</svg>\n";
  EXPECT_EQ(compact_gnuplot_svg(used, ""), used);
}

TEST(Svg, EscapesMarkup) {
  EXPECT_EQ(escape_markup("a<b> & \"c\" 'd' ±"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39; ±");
}

}  // namespace
}  // namespace moonpool
