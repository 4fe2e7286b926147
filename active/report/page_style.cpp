#include "active/report/page_style.h"

namespace moonpool {
namespace {

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --page: #ffffff; --ink: #1f2328; --faint: #59636e; --line: #d1d9e0;
  --mark: #f3effa; }
@media (prefers-color-scheme: dark) {
  :root { --page: #15181c; --ink: #e6e9ed; --faint: #9aa4af; --line: #3a424b; --mark: #2a2338; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 3rem; max-width: 66rem; background: var(--page);
  color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .75rem; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; }
p, figcaption, dl { max-width: 46rem; }
figure { margin: 1.5rem 0 0; }
figcaption { color: var(--faint); font-size: .9rem; margin-top: .6rem; }
.picture { background: #ffffff; border: 1px solid var(--line); border-radius: 8px; padding: .6rem; }
.picture svg { display: block; width: 100%; height: auto; }
.narrow { display: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .9rem; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th { color: var(--faint); font-weight: 600; font-size: .85rem; vertical-align: bottom; }
.note { color: var(--faint); font-size: .85rem; margin: .4rem 0 0; }
th:first-child, td:first-child { text-align: left; padding-left: .4rem; font-weight: 600; }
tr.ours th, tr.ours td { background: var(--mark); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem; margin: 0; }
dt { color: var(--faint); }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: .88em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
@media (max-width: 640px) {
  body { padding: 1.25rem .9rem 2rem; }
  .wide { display: none; }
  .narrow { display: block; }
  .picture { padding: .2rem; }
  th, td { padding: .35rem .25rem; font-size: .78rem; }
  th { white-space: normal; font-size: .72rem; }
  .runs { display: none; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
}
@media print {
  :root { font-size: 9.5pt; --page: #ffffff; --ink: #000000; --faint: #444444; --line: #bbbbbb; --mark: #f3effa; }
  body { padding: 0; max-width: none; }
  th, td { padding: .2rem .9rem; }
  .wide { display: block; }
  .narrow { display: none; }
  .picture { border: 0; padding: 0; }
  figure, table, dl { break-inside: avoid; }
  h2 { break-after: avoid; }
}
)css";

}  // namespace

std::string_view page_style() { return kStyle; }

}  // namespace moonpool
