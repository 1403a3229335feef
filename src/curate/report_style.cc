#include <string_view>

#include "base/report_parts.h"
#include "curate/report_assets.h"

namespace recto {
namespace {

constexpr std::string_view kStyle = R"css(
.pair, .sample { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
.pairs, .samples { display: grid; gap: 1rem; padding: 0; margin: 1rem 0; list-style: none; }
.pairs { grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); }
.samples { grid-template-columns: repeat(auto-fill, minmax(min(19rem, 100%), 1fr)); }
.pair, .sample { padding: .9rem; min-width: 0; }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; }
.excerpt { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 16rem; overflow-y: auto;
           font-size: .875rem; margin: .4rem 0 0; }
.sample { display: flex; flex-direction: column; gap: .5rem; scroll-margin-top: 9rem; }
.sample .controls { margin-top: auto; }
.sample[hidden] { display: none; }
.sample.accept { border-color: var(--good); box-shadow: inset 0 0 0 2px var(--good); }
.sample.reject { border-color: var(--bad); box-shadow: inset 0 0 0 2px var(--bad); }
.controls, .toolbar { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
.toolbar { position: sticky; top: 0; z-index: 1; background: var(--back); padding: .75rem 0;
           border-bottom: 1px solid var(--line); }
.toolbar label { font-size: .875rem; color: var(--soft); }
.note { width: 100%; background: var(--card); border: 1px solid var(--line);
        border-radius: .35rem; padding: .25rem .6rem; min-height: 2.25rem; }
button.accept[aria-pressed="true"] { background: var(--good); color: var(--card); }
button.reject[aria-pressed="true"] { background: var(--bad); color: var(--card); }
#progress { margin-left: auto; font-variant-numeric: tabular-nums; }
kbd { font: .8125em ui-monospace, monospace; border: 1px solid var(--line); border-radius: .25rem;
      padding: 0 .3em; background: var(--card); }
@media print { .toolbar, .controls { display: none; } .sample { break-inside: avoid; } }
)css";

}  // namespace

std::string curation_style() { return std::string(report_style()) + std::string(kStyle); }

}  // namespace recto
