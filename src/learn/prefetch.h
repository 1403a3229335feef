#pragma once
// Things made ahead of their use in a thread of its own.

#include <exception>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "base/threads.h"

namespace recto {

/// Calls make(0), make(1), ... make(count - 1) in a thread, at most `ahead` results before they are
/// taken. Destroyed early, it stops after the present one.
template <typename T>
class Prefetcher {
 public:
  Prefetcher(size_t count, size_t ahead, std::function<T(size_t)> make)
      : queue_(ahead), thread_([this, count, make = std::move(make)] { run(count, make); }) {}

  ~Prefetcher() {
    queue_.close();
    thread_.join();
  }
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// The next result, nothing after the last. Throws what make() threw in its place.
  std::optional<T> next() {
    std::optional<Made> made = queue_.pop();
    if (!made) return std::nullopt;
    if (made->error) std::rethrow_exception(made->error);
    return std::move(made->value);
  }

 private:
  struct Made {
    std::optional<T> value;
    std::exception_ptr error;
  };

  void run(size_t count, const std::function<T(size_t)>& make) {
    for (size_t i = 0; i < count; ++i) {
      Made made;
      try {
        made.value = make(i);
      } catch (...) {
        made.error = std::current_exception();
      }
      const bool failed = made.error != nullptr;
      if (!queue_.push(std::move(made)) || failed) break;
    }
    queue_.close();
  }

  BoundedQueue<Made> queue_;
  std::thread thread_;
};

}  // namespace recto
