#include "base/report_parts.h"

namespace recto {
namespace {

constexpr std::string_view kStyle = R"css(
:root {
  color-scheme: light dark;
  --back: #f6f7f9; --card: #fff; --ink: #1c2128; --soft: #5b6572; --line: #d9dee5;
  --bar: #3a6ea5; --bar-soft: #c9d6e6; --good: #1a7f4b; --bad: #b3382c; --focus: #b26a00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #15181d; --card: #1e2229; --ink: #e4e8ee; --soft: #9aa5b3; --line: #343b45;
    --bar: #79a8dc; --bar-soft: #33445a; --good: #57c08a; --bad: #ec8277; --focus: #f0b04a;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 4.5rem; }
body { margin: 0; background: var(--back); color: var(--ink);
       font: 16px/1.5 system-ui, sans-serif; }
main, header.page, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header.page { padding-top: 2rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0 0 .5rem; }
p { margin: .25rem 0; max-width: 48rem; }
.soft { color: var(--soft); }
.small { font-size: .875rem; }
code { font: .875em ui-monospace, monospace; overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0;
         margin: 1rem 0; }
a { color: var(--bar); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem;
         margin: 1rem 0; padding: 0; }
.tiles div, .panel { background: var(--card); border: 1px solid var(--line);
         border-radius: .5rem; }
.tiles div { padding: .6rem .8rem; }
.tiles dt { color: var(--soft); font-size: .875rem; }
.tiles dd { margin: 0; font-size: 1.4rem; font-variant-numeric: tabular-nums; }
.panel { padding: 1rem; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr));
          gap: 1rem; align-items: start; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: .875rem; }
th, td { padding: .3rem .6rem .3rem 0; vertical-align: top; border-bottom: 1px solid var(--line); }
tr:last-child > td, tr:last-child > th { border-bottom: 0; }
tbody th { color: var(--ink); font-size: 1rem; font-weight: 500; min-width: 6rem;
           overflow-wrap: anywhere; }
.number { text-align: right; white-space: nowrap; padding-right: 1rem; }
td.chart { width: 30%; min-width: 7rem; padding-top: .6rem; }
svg { display: block; width: 100%; }
svg.bar { height: .8rem; }
.kept { fill: var(--bar); }
.lost { fill: var(--bar-soft); }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
svg .axis { stroke: var(--line); }
details summary { cursor: pointer; }
.reasons { margin: .25rem 0 0; padding-left: 1.1rem; }
.reasons li { overflow-wrap: anywhere; }
figure { margin: 0; min-width: 0; }
figcaption { font-size: .8125rem; color: var(--soft); overflow-wrap: anywhere; }
.thumb { display: block; width: 100%; height: auto; max-height: 26rem; object-fit: contain;
         background: #fff; border: 1px solid var(--line); border-radius: .25rem; }
button.zoom { display: block; width: 100%; padding: 0; border: 0; background: none;
              cursor: zoom-in; }
.nothing { display: grid; place-items: center; height: 9rem; border: 1px dashed var(--line);
           color: var(--soft); border-radius: .25rem; }
.query { font-size: 1.05rem; font-weight: 600; margin: 0 0 .25rem; overflow-wrap: anywhere; }
.tags { display: flex; flex-wrap: wrap; gap: .3rem; margin: 0 0 .6rem; padding: 0;
        list-style: none; }
.tags li { font-size: .8125rem; border: 1px solid var(--line); border-radius: 1rem;
           padding: 0 .55rem; color: var(--soft); }
button, select, input { font: inherit; color: inherit; }
button.plain, select { background: var(--card); border: 1px solid var(--line);
           border-radius: .35rem; padding: .25rem .6rem; min-height: 2.25rem; }
button.plain { cursor: pointer; }
select { min-width: 5.5rem; max-width: 12rem; }
dialog { max-width: 95vw; max-height: 95vh; padding: .75rem; border: 1px solid var(--line);
         border-radius: .5rem; background: var(--card); color: inherit; }
dialog img { display: block; width: min(90vw, 60rem); max-height: 82vh; object-fit: contain;
             background: #fff; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
footer { padding: 2rem 1.25rem 3rem; }
@media print { nav { display: none; } .panel { break-inside: avoid; } }
)css";

}  // namespace

std::string_view report_style() { return kStyle; }

}  // namespace recto
