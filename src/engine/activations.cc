#include "engine/activations.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/interrupt.h"

namespace recto {
namespace {

/// Whether `name` is a tensor inside a layer other than the first ("...layers.3.mlp").
bool inside_later_layer(const std::string& name) {
  const size_t at = name.find(".layers.");
  if (at == std::string::npos) return false;
  const size_t number = at + 8;
  const size_t end = name.find('.', number);
  return end != std::string::npos && name.compare(number, end - number, "0") != 0;
}

/// Activations of several views under the same names, joined.
class Collector {
 public:
  Probe probe() {
    return [this](const std::string& name, int64_t rows, int64_t width, const float* values,
                  int64_t stride) { add(name, rows, width, values, stride); };
  }

  void show(int64_t views, const ActivationObserver& observer) {
    for (const Entry& entry : entries_) {
      observer(entry.name, {views, entry.rows, entry.width}, entry.values);
    }
    entries_.clear();
  }

 private:
  struct Entry {
    std::string name;
    int64_t rows = 0;
    int64_t width = 0;
    std::vector<float> values;
  };

  void add(const std::string& name, int64_t rows, int64_t width, const float* values,
           int64_t stride) {
    if (inside_later_layer(name)) return;
    auto entry = std::find_if(entries_.begin(), entries_.end(),
                              [&](const Entry& e) { return e.name == name; });
    if (entry == entries_.end()) {
      entry = entries_.insert(entry, Entry{name, rows, width, {}});
    }
    for (int64_t r = 0; r < rows; ++r) {
      entry->values.insert(entry->values.end(), values + r * stride, values + r * stride + width);
    }
  }

  std::vector<Entry> entries_;
};

std::vector<const uint8_t*> tiles_of(const ModelInput& input) {
  std::vector<const uint8_t*> tiles;
  for (const Views& views : input.images) {
    const size_t tile = views.pixels.size() / static_cast<size_t>(views.count());
    for (int i = 0; i < views.count(); ++i) {
      tiles.push_back(views.pixels.data() + static_cast<size_t>(i) * tile);
    }
  }
  return tiles;
}

}  // namespace

std::vector<float> inspect_views(const ModelInput& input, const VisionTower& vision,
                                 const Connector& connector, Workspace& w,
                                 const ActivationObserver& observer) {
  const std::vector<const uint8_t*> tiles = tiles_of(input);
  const int64_t state_size = vision.patches() * vision.hidden();
  std::vector<std::vector<float>> states(tiles.size());
  Collector collector;
  const Probe probe = collector.probe();
  // One stage for all views, then the next: what is held is one stage's activations.
  for (int stage = -1; stage < vision.layers(); ++stage) {
    for (size_t i = 0; i < tiles.size(); ++i) {
      throw_if_interrupted();
      if (stage < 0) {
        vision.embed(tiles[i], w, probe);
      } else {
        std::copy(states[i].begin(), states[i].end(), w.states.data());
        vision.layer(stage, w, probe);
      }
      states[i].assign(w.states.data(), w.states.data() + state_size);
    }
    collector.show(static_cast<int64_t>(tiles.size()), observer);
  }
  const int64_t feature_size = connector.tokens() * connector.width();
  std::vector<float> features(tiles.size() * static_cast<size_t>(feature_size));
  for (size_t i = 0; i < tiles.size(); ++i) {
    std::copy(states[i].begin(), states[i].end(), w.states.data());
    vision.finish(w, probe);
    connector.project(w.normed.data(), features.data() + static_cast<int64_t>(i) * feature_size, w,
                      probe);
  }
  collector.show(static_cast<int64_t>(tiles.size()), observer);
  return features;
}

void inspect_text(const TextSequence& sequence, const TextModel& text, Workspace& w,
                  const ActivationObserver& observer) {
  const Probe probe = [&](const std::string& name, int64_t rows, int64_t width, const float* values,
                          int64_t stride) {
    if (inside_later_layer(name)) return;
    std::vector<float> dense;
    for (int64_t r = 0; r < rows; ++r) {
      dense.insert(dense.end(), values + r * stride, values + r * stride + width);
    }
    observer(name, {rows, width}, dense);
  };
  const float* states = text.run({&sequence, 1}, w, probe);
  const auto tokens = static_cast<int64_t>(sequence.ids.size());
  const std::vector<float> logits = text.logits(states + (tokens - 1) * text.hidden());
  if (!logits.empty()) observer("logits_last", {static_cast<int64_t>(logits.size())}, logits);
}

}  // namespace recto
