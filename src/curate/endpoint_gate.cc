#include "curate/endpoint_gate.h"

#include <algorithm>

#include "base/interrupt.h"

namespace recto {
namespace {

// How often a wait looks for a signal, which cannot wake it.
constexpr auto kPoll = std::chrono::milliseconds(50);

EndpointGate::Clock::duration ticks(EndpointGate::Seconds duration) {
  return std::chrono::duration_cast<EndpointGate::Clock::duration>(duration);
}

}  // namespace

EndpointGate::EndpointGate(int parallel, double requests_per_minute)
    : places_(parallel),
      spacing_(requests_per_minute > 0 ? ticks(Seconds(60 / requests_per_minute))
                                       : Clock::duration::zero()) {}

EndpointGate::Place::Place(EndpointGate& gate) : gate_(gate) {
  std::unique_lock lock(gate_.mutex_);
  gate_.check_locked();
  while (gate_.places_ == 0) {
    gate_.changed_.wait_for(lock, kPoll);
    gate_.check_locked();
  }
  --gate_.places_;
}

EndpointGate::Place::~Place() {
  const std::lock_guard lock(gate_.mutex_);
  ++gate_.places_;
  gate_.changed_.notify_all();
}

void EndpointGate::wait_turn() {
  std::unique_lock lock(mutex_);
  check_locked();
  Clock::time_point mine = std::max(next_turn_, Clock::now());
  next_turn_ = mine + spacing_;
  wait_until(lock, mine);
  // A pause that began meanwhile is waited for, and its end is again shared out in turns.
  while (paused_until_ > Clock::now()) {
    mine = std::max(next_turn_, paused_until_);
    next_turn_ = mine + spacing_;
    wait_until(lock, mine);
  }
}

void EndpointGate::wait(Seconds duration) {
  std::unique_lock lock(mutex_);
  wait_until(lock, Clock::now() + ticks(duration));
}

void EndpointGate::pause(Seconds duration) {
  const std::lock_guard lock(mutex_);
  paused_until_ = std::max(paused_until_, Clock::now() + ticks(duration));
}

void EndpointGate::stop(const Error& error, bool finish_requests) {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = error;
  finish_requests_ = finish_requests;
  changed_.notify_all();
}

void EndpointGate::check() const {
  const std::lock_guard lock(mutex_);
  check_locked();
}

void EndpointGate::check_request() const {
  const std::lock_guard lock(mutex_);
  if (!finish_requests_) check_locked();
  throw_if_interrupted();
}

void EndpointGate::wait_until(std::unique_lock<std::mutex>& lock, Clock::time_point time) {
  check_locked();
  while (Clock::now() < time) {
    changed_.wait_until(lock, std::min(time, Clock::now() + kPoll));
    check_locked();
  }
}

void EndpointGate::check_locked() const {
  throw_if_interrupted();
  if (error_) throw *error_;
}

}  // namespace recto
