#pragma once
// When a request may go out: the rate, how many at once, the pauses a server asks for, and the end
// of the run. Every wait ends at once when the run is interrupted or stopped.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/error.h"

namespace recto {

/// Thread-safe.
class EndpointGate {
 public:
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;

  /// At most `parallel` places at once and `requests_per_minute` (0: no limit) evenly spaced turns.
  EndpointGate(int parallel, double requests_per_minute);

  /// One of the places, while it lives.
  class Place {
   public:
    explicit Place(EndpointGate& gate);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    EndpointGate& gate_;
  };

  /// Waits until the next request may go out.
  void wait_turn();
  /// Waits that long.
  void wait(Seconds duration);
  /// No turn for anybody before that time is over.
  void pause(Seconds duration);

  /// Ends the run: from now on every wait, in all threads, throws `error`. The first one counts.
  /// Requests that are under way come to their end all the same with `finish_requests`.
  void stop(const Error& error, bool finish_requests);
  /// Throws the error of stop(), or Error(kInterrupted) once a signal has arrived.
  void check() const;
  /// The same for a request that is under way.
  void check_request() const;

 private:
  void wait_until(std::unique_lock<std::mutex>& lock, Clock::time_point time);
  void check_locked() const;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int places_;
  Clock::duration spacing_;
  Clock::time_point next_turn_{};
  Clock::time_point paused_until_{};
  std::optional<Error> error_;
  bool finish_requests_ = false;
};

}  // namespace recto
