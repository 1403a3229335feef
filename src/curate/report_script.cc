#include <string_view>

#include "curate/report_assets.h"
#include "page/report_page.h"

namespace recto {
namespace {

constexpr std::string_view kScript = R"js((() => {
  const dataset = document.body.dataset.dataset;
  const samples = [...document.querySelectorAll('.sample')];
  const byId = (id) => document.getElementById(id);
  const filters = ['kind', 'language', 'split', 'decision'].map((name) => byId('filter-' + name));
  const progress = byId('progress');
  const message = byId('message');
  let saved = true;

  const decisionOf = (sample) => sample.dataset.decision || '';
  const visible = () => samples.filter((sample) => !sample.hidden);

  function show() {
    const count = {accept: 0, reject: 0, '': 0};
    for (const sample of samples) count[decisionOf(sample)]++;
    progress.textContent = `${count.accept} accepted, ${count.reject} rejected, ${count['']} open`;
  }

  function decide(sample, decision) {
    if (decision) sample.dataset.decision = decision;
    else delete sample.dataset.decision;
    for (const name of ['accept', 'reject']) {
      sample.classList.toggle(name, decision === name);
      sample.querySelector('button.' + name)
          .setAttribute('aria-pressed', String(decision === name));
    }
    saved = false;
    show();
  }

  const press = (sample, decision) =>
      decide(sample, decisionOf(sample) === decision ? '' : decision);

  function filter() {
    const [kind, language, split, decision] = filters.map((select) => select.value);
    let shown = 0;
    for (const sample of samples) {
      const data = sample.dataset;
      sample.hidden = (kind !== '*' && data.kind !== kind) ||
          (language !== '*' && data.language !== language) ||
          (split !== '*' && data.split !== split) ||
          (decision !== '*' && (decisionOf(sample) || 'open') !== decision);
      if (!sample.hidden) shown++;
    }
    message.textContent = `${shown} of ${samples.length} pairs shown.`;
  }

  function move(step) {
    const list = visible();
    if (list.length === 0) return;
    const here = list.indexOf(document.activeElement.closest('.sample'));
    const next = here < 0 ? 0 : Math.min(list.length - 1, Math.max(0, here + step));
    list[next].focus();
    list[next].scrollIntoView({block: 'nearest'});
  }

  function review() {
    const decisions = [];
    for (const sample of samples) {
      if (!decisionOf(sample)) continue;
      const decision = {query_id: sample.dataset.queryId, page_id: sample.dataset.pageId,
                        decision: decisionOf(sample)};
      const note = sample.querySelector('.note').value.trim();
      if (note) decision.note = note;
      decisions.push(decision);
    }
    return {format: 'recto-review', format_version: 1, dataset, decisions};
  }

  function save() {
    const result = review();
    const blob = new Blob([JSON.stringify(result, null, 2) + '\n'], {type: 'application/json'});
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = `review-${dataset.slice(0, 12)}.json`;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    saved = true;
    message.textContent = `${result.decisions.length} decisions exported.`;
  }

  async function load(file) {
    try {
      const result = JSON.parse(await file.text());
      if (result.format !== 'recto-review' || result.format_version !== 1) {
        throw new Error('it is no review of recto');
      }
      if (result.dataset !== dataset) throw new Error('it belongs to another dataset');
      const key = (query, page) => JSON.stringify([query, page]);
      const known = new Map(
          samples.map((sample) => [key(sample.dataset.queryId, sample.dataset.pageId), sample]));
      let taken = 0;
      for (const {query_id, page_id, decision, note} of result.decisions) {
        const sample = known.get(key(query_id, page_id));
        if (!sample || !['accept', 'reject'].includes(decision)) continue;
        decide(sample, decision);
        sample.querySelector('.note').value = typeof note === 'string' ? note : '';
        taken++;
      }
      message.textContent = `${taken} of ${result.decisions.length} decisions loaded.`;
    } catch (error) {
      message.textContent = `That file cannot be loaded: ${error.message}.`;
    }
  }

  document.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    const sample = button.closest('.sample');
    if (button.matches('.accept')) press(sample, 'accept');
    else if (button.matches('.reject')) press(sample, 'reject');
    else if (button.id === 'export') save();
    else if (button.id === 'load') byId('file').click();
  });

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || byId('zoom').open) return;
    if (event.key === 'Escape' && event.target.matches('.note')) {
      event.target.closest('.sample').focus();
      return;
    }
    if (event.target.matches('input, select, textarea')) return;
    const sample = event.target.closest('.sample');
    const actions = {
      j: () => move(1), k: () => move(-1),
      a: () => sample && press(sample, 'accept'),
      r: () => sample && press(sample, 'reject'),
      n: () => sample && sample.querySelector('.note').focus(),
      z: () => sample && sample.querySelector('.zoom') && sample.querySelector('.zoom').click(),
      e: save,
    };
    const action = actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  });

  for (const select of filters) if (select) select.addEventListener('change', filter);
  document.addEventListener('input', (event) => {
    if (event.target.matches('.note')) saved = false;
  });
  const file = byId('file');
  if (file) {
    file.addEventListener('change', () => {
      if (file.files.length) load(file.files[0]);
      file.value = '';
    });
  }
  window.addEventListener('beforeunload', (event) => {
    if (!saved) event.preventDefault();
  });
  if (progress) show();
})();
)js";

}  // namespace

std::string curation_script() { return std::string(report_zoom_script()) + std::string(kScript); }

}  // namespace recto
