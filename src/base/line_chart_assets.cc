#include "base/line_chart.h"

namespace recto {
namespace {

constexpr std::string_view kStyle = R"css(
:root { --s0: #3a6ea5; --s1: #b26a00; --s2: #1a7f4b; --s3: #8a4fbf; --s4: #b3382c; --s5: #00787f; }
@media (prefers-color-scheme: dark) {
  :root { --s0: #79a8dc; --s1: #f0b04a; --s2: #57c08a; --s3: #c39bea; --s4: #ec8277;
          --s5: #5cc7cf; }
}
.line-chart { outline-offset: -2px; }
.line-chart h3 { margin-bottom: .25rem; }
.line-chart > svg { touch-action: pan-y; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1rem; list-style: none; margin: 0; padding: 0; }
.legend li { display: flex; align-items: center; gap: .4rem; }
svg.key { width: 1.5rem; height: .5rem; flex: none; }
.curve { fill: none; stroke-width: 1.6; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.s0 { stroke: var(--s0); } .s1 { stroke: var(--s1); } .s2 { stroke: var(--s2); }
.s3 { stroke: var(--s3); } .s4 { stroke: var(--s4); } .s5 { stroke: var(--s5); }
.s1.curve { stroke-dasharray: 7 3; } .s2.curve { stroke-dasharray: 2 3; }
.s3.curve { stroke-dasharray: 8 3 2 3; } .s4.curve { stroke-dasharray: 12 3; }
.s5.curve { stroke-dasharray: 4 4; }
.curve.faint { opacity: .4; stroke-width: 1; stroke-dasharray: none; }
circle { fill: var(--card); stroke-width: 1.6; }
.mark { stroke: var(--bad); stroke-width: 1; opacity: .7; }
.cursor { stroke: var(--soft); stroke-width: 1; }
svg text.y { text-anchor: end; } svg text.x { text-anchor: middle; }
.values { min-height: 1.5em; margin: 0; font-variant-numeric: tabular-nums;
          overflow-wrap: anywhere; }
)css";

constexpr std::string_view kScript = R"js(
for (const box of document.querySelectorAll('.line-chart')) {
  const data = JSON.parse(box.dataset.chart);
  const [left, right, top, bottom, width] = data.plot;
  const svg = box.querySelector(':scope > svg');
  const values = box.querySelector('.values');
  const resting = values.textContent;
  const add = (name) => svg.appendChild(document.createElementNS(svg.namespaceURI, name));
  const cursor = add('line');
  cursor.classList.add('cursor');
  cursor.setAttribute('y1', top);
  cursor.setAttribute('y2', bottom);
  const dots = data.series.map((series) => {
    const dot = add('circle');
    dot.classList.add(series.colour);
    dot.setAttribute('r', 3.5);
    return dot;
  });
  const places = [...new Set(data.series.flatMap((series) => series.x))].sort((a, b) => a - b);
  const xOf = (x) => left + (right - left) * (x - data.x[0]) / (data.x[1] - data.x[0]);
  const yOf = (y) => {
    const scaled = data.logarithmic ? Math.log10(y) : y;
    return bottom - (bottom - top) * (scaled - data.y[0]) / (data.y[1] - data.y[0]);
  };
  const nearest = (list, x) => {
    let best = 0;
    for (let i = 1; i < list.length; i++) {
      if (Math.abs(list[i] - x) < Math.abs(list[best] - x)) best = i;
    }
    return best;
  };
  let here = -1;
  const hide = () => {
    here = -1;
    for (const mark of [cursor, ...dots]) mark.style.display = 'none';
    values.textContent = resting;
  };
  const show = (place) => {
    here = Math.min(places.length - 1, Math.max(0, place));
    const x = places[here];
    cursor.setAttribute('x1', xOf(x));
    cursor.setAttribute('x2', xOf(x));
    cursor.style.display = '';
    const parts = [];
    data.series.forEach((series, number) => {
      const i = nearest(series.x, x);
      const shown = series.x.length > 0 && series.y[i] !== null;
      dots[number].style.display = shown ? '' : 'none';
      if (!shown) return;
      dots[number].setAttribute('cx', xOf(series.x[i]));
      dots[number].setAttribute('cy', yOf(series.y[i]));
      const at = series.x[i] === x ? '' : ` (${data.name} ${series.x[i]})`;
      parts.push(`${series.name} ${series.y[i]}${at}`);
    });
    values.textContent = `${data.name} ${x.toLocaleString('en')}: ${parts.join(', ')}`;
  };
  hide();
  svg.addEventListener('pointermove', (event) => {
    const area = svg.getBoundingClientRect();
    const at = (event.clientX - area.left) / area.width * width;
    const x = data.x[0] + (at - left) / (right - left) * (data.x[1] - data.x[0]);
    show(nearest(places, x));
  });
  svg.addEventListener('pointerleave', hide);
  box.addEventListener('blur', hide);
  box.addEventListener('keydown', (event) => {
    const next = {
      ArrowLeft: here < 0 ? places.length - 1 : here - 1,
      ArrowRight: here + 1,
      Home: 0,
      End: places.length - 1,
    }[event.key];
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    show(next);
  });
}
)js";

}  // namespace

std::string_view line_chart_style() { return kStyle; }
std::string_view line_chart_script() { return kScript; }

}  // namespace recto
