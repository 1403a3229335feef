#include "learn/peer_watch.h"

#include <chrono>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <utility>

#include "base/interrupt_request.h"

namespace recto {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBeat{500};
constexpr double kSilentWhenSearched = 2.5;  // seconds; five beats
constexpr std::chrono::seconds kPatience{5};
constexpr std::chrono::seconds kFarewell{3};

constexpr const char* kStop = "stop";

std::string key(const char* what, int rank) { return fmt::format("{}/{}", what, rank); }

double seconds_since(Clock::time_point time) {
  return std::chrono::duration<double>(Clock::now() - time).count();
}

constexpr std::pair<PeerStop::Kind, const char*> kKinds[] = {
    {PeerStop::Kind::kInterrupted, "interrupted"},
    {PeerStop::Kind::kFailed, "failed"},
    {PeerStop::Kind::kLost, "lost"},
};

}  // namespace

std::string PeerStop::to_text() const {
  for (const auto& [value, name] : kKinds) {
    if (value == kind) return dump_json({{"rank", rank}, {"kind", name}, {"text", text}});
  }
  return {};
}

PeerStop PeerStop::from_text(const std::string& text) {
  const Json json = parse_json(text, "the word to stop");
  PeerStop stop;
  stop.rank = json_required<int>(json, "rank", "the word to stop");
  stop.text = json_required<std::string>(json, "text", "the word to stop");
  const auto kind = json_required<std::string>(json, "kind", "the word to stop");
  for (const auto& [value, name] : kKinds) {
    if (kind == name) stop.kind = value;
  }
  return stop;
}

/// Shared with the thread, which may outlive the object when the store hangs.
struct PeerWatch::State {
  State(c10::intrusive_ptr<c10d::Store> its_store, int its_rank, int its_size, double silence)
      : store(std::move(its_store)),
        rank(its_rank),
        size(its_size),
        most_silent(silence),
        heard(static_cast<size_t>(its_size), Clock::now()),
        beats(static_cast<size_t>(its_size), -1) {}

  void run();
  bool turn();
  void beat();
  void say_stop();
  void read_stop();
  void listen();
  void stop_known(const PeerStop& reason);
  bool all_have_seen();

  const c10::intrusive_ptr<c10d::Store> store;
  const int rank;
  const int size;
  const double most_silent;

  // Of the thread alone.
  int64_t count = 0;
  bool was_searching = false;
  std::vector<Clock::time_point> heard;
  std::vector<int64_t> beats;

  std::mutex mutex;
  std::condition_variable changed;
  Clock::time_point answered = Clock::now();  // last time the store did
  std::optional<PeerStop> stop;               // agreed
  std::optional<PeerStop> to_say;
  bool searching = false;
  bool farewell = false;  // everybody knows the stop
  bool ending = false;
  bool done = false;
};

void PeerWatch::State::beat() { store->set(key("alive", rank), std::to_string(++count)); }

void PeerWatch::State::say_stop() {
  std::optional<PeerStop> saying;
  {
    const std::lock_guard lock(mutex);
    saying = std::exchange(to_say, std::nullopt);
  }
  if (saying) store->compareSet(kStop, std::string(), saying->to_text());
}

void PeerWatch::State::stop_known(const PeerStop& reason) {
  const std::lock_guard lock(mutex);
  if (stop) return;
  stop = reason;
  request_interrupt();
  changed.notify_all();
}

void PeerWatch::State::read_stop() {
  if (!store->check({kStop})) return;
  stop_known(PeerStop::from_text(store->get_to_str(kStop)));
  store->set(key("seen", rank), "1");
}

// Rank 0 hears all, the others hear rank 0, and all hear all when a connection broke.
void PeerWatch::State::listen() {
  bool all = rank == 0;
  {
    const std::lock_guard lock(mutex);
    if (searching && !was_searching) {
      std::fill(heard.begin(), heard.end(), Clock::now());
      was_searching = true;
    }
    all = all || searching;
  }
  const double limit = was_searching ? kSilentWhenSearched : most_silent;
  for (int peer = 0; peer < (all ? size : 1); ++peer) {
    if (peer == rank) continue;
    const auto place = static_cast<size_t>(peer);
    const std::string sign = key("alive", peer);
    if (!store->check({sign})) continue;  // it has not come yet
    const int64_t now = std::stoll(store->get_to_str(sign));
    if (std::exchange(beats[place], now) != now) heard[place] = Clock::now();
    if (seconds_since(heard[place]) <= limit) continue;
    const std::lock_guard lock(mutex);
    to_say = PeerStop{peer, PeerStop::Kind::kLost,
                      fmt::format("no sign of life for {:.0f} s", seconds_since(heard[place]))};
    return;
  }
}

bool PeerWatch::State::all_have_seen() {
  std::vector<std::string> keys;
  for (int peer = 0; peer < size; ++peer) {
    const bool lost = stop->kind == PeerStop::Kind::kLost && stop->rank == peer;
    if (!lost) keys.push_back(key("seen", peer));
  }
  return store->check(keys);
}

/// False when there is nothing more to do.
bool PeerWatch::State::turn() {
  beat();
  say_stop();
  read_stop();
  bool stopping = false;
  {
    const std::lock_guard lock(mutex);
    answered = Clock::now();
    stopping = stop.has_value();
  }
  if (!stopping) {
    listen();
    return true;
  }
  if (!all_have_seen()) return true;
  const std::lock_guard lock(mutex);
  farewell = true;
  changed.notify_all();
  return false;
}

void PeerWatch::State::run() {
  try {
    while (turn()) {
      std::unique_lock lock(mutex);
      if (to_say && !stop) continue;
      changed.wait_for(lock, kBeat, [this] { return ending || (to_say && !stop); });
      if (ending) break;
    }
  } catch (const std::exception&) {
    bool missed = false;
    {
      const std::lock_guard lock(mutex);
      missed = !ending;
    }
    if (missed) stop_known({0, PeerStop::Kind::kLost, "its key-value store is gone"});
  }
  const std::lock_guard lock(mutex);
  done = true;
  changed.notify_all();
}

PeerWatch::PeerWatch(c10::intrusive_ptr<c10d::Store> store, int rank, int size, double most_silent)
    : state_(std::make_shared<State>(std::move(store), rank, size, most_silent)) {
  state_->beat();
  thread_ = std::thread([state = state_] { state->run(); });
}

PeerWatch::~PeerWatch() {
  end();
  std::unique_lock lock(state_->mutex);
  const bool done =
      state_->changed.wait_for(lock, std::chrono::seconds(2), [this] { return state_->done; });
  lock.unlock();
  if (done) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

std::optional<PeerStop> PeerWatch::stop() {
  const std::lock_guard lock(state_->mutex);
  if (!state_->stop && !state_->done && seconds_since(state_->answered) > state_->most_silent) {
    state_->stop = PeerStop{0, PeerStop::Kind::kLost,
                            fmt::format("its key-value store has not answered for {:.0f} s",
                                        seconds_since(state_->answered))};
  }
  return state_->stop;
}

PeerStop PeerWatch::tell(const PeerStop& stop) {
  std::unique_lock lock(state_->mutex);
  if (!state_->stop) state_->to_say = stop;
  state_->changed.notify_all();
  state_->changed.wait_for(lock, kPatience,
                           [this] { return state_->stop.has_value() || state_->done; });
  return state_->stop.value_or(stop);
}

void PeerWatch::farewell() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, kFarewell, [this] { return state_->farewell || state_->done; });
}

std::optional<PeerStop> PeerWatch::find_lost() {
  std::unique_lock lock(state_->mutex);
  state_->searching = true;
  state_->changed.wait_for(lock, kPatience,
                           [this] { return state_->stop.has_value() || state_->done; });
  return state_->stop;
}

void PeerWatch::end() {
  const std::lock_guard lock(state_->mutex);
  state_->ending = true;
  state_->changed.notify_all();
}

}  // namespace recto
