#pragma once
// Signs of life between the processes of a training, and the word that all of them must stop. A
// thread of its own talks to the key-value store, so that a process that computes for minutes still
// counts as alive and still hears.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "learn/torch.h"

namespace c10d {
class Store;
}

namespace recto {

/// Why a training of several processes ends before its time.
struct PeerStop {
  enum class Kind { kInterrupted, kFailed, kLost };

  int rank = 0;  ///< of the process that was interrupted, failed or was lost
  Kind kind = Kind::kLost;
  std::string text;  ///< of its error; how it was lost

  std::string to_text() const;
  static PeerStop from_text(const std::string& text);
};

class PeerWatch {
 public:
  /// Of rank `rank` among `size`. Whoever gives no sign of life for `most_silent` seconds is lost.
  /// When a stop becomes known, request_interrupt() is called. The store must be used by nobody
  /// else. Throws what the store throws.
  PeerWatch(c10::intrusive_ptr<c10d::Store> store, int rank, int size, double most_silent);
  /// Does not wait for a store that does not answer.
  ~PeerWatch();
  PeerWatch(const PeerWatch&) = delete;
  PeerWatch& operator=(const PeerWatch&) = delete;

  /// The reason to stop, once there is one; also when the store has not answered for too long.
  std::optional<PeerStop> stop();
  /// Tells all processes to stop and waits a little until they know. The first that tells is heard;
  /// returns what it said.
  PeerStop tell(const PeerStop& stop);
  /// Finds out within seconds who no longer lives, after a connection broke. Nothing when all do.
  std::optional<PeerStop> find_lost();
  /// Waits a little until all who live know the reason to stop: for the process that keeps the
  /// store.
  void farewell();
  /// From now on nobody is missed any more.
  void end();

 private:
  struct State;
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace recto
