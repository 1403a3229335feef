#pragma once
// The processes of one training, as one of them sees them: what it has to do, and what it gets from
// the others. With one process every call returns what it was given and no part of c10d is used.
//
// All processes make the same calls in the same order. A call waits for the others; when one of
// them is lost, fails or is interrupted meanwhile, the call throws, and leave() says why.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "learn/rendezvous.h"
#include "learn/torch.h"

namespace recto {

/// A run of consecutive things.
struct Share {
  size_t first = 0;
  size_t count = 0;
};

/// The part of process `rank` of `size` in `items` things: runs in the order of ranks whose lengths
/// differ by at most one.
Share share_of(size_t items, int rank, int size);

/// Those of `items`.
template <typename T>
std::span<const T> part_of(const std::vector<T>& items, const Share& share) {
  return std::span(items).subspan(share.first, share.count);
}

class ProcessGroup {
 public:
  /// The only process of its training.
  ProcessGroup();
  /// Meets the other processes; with a size of 1 there is nobody to meet. `timeout` is how many
  /// seconds to wait for them now, and later for a sign of life of any. Throws Error(kIo) naming
  /// what could not be reached and for how long it was tried, Error(kUsage | kMismatch) for
  /// processes that do not belong together, Error(kUnsupported) without c10d in libtorch.
  ProcessGroup(const Rendezvous& place, double timeout);
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  int rank() const { return place_.rank; }
  int size() const { return place_.size; }
  /// Whether this is rank 0, which writes all files and says what is to be said.
  bool is_first() const { return place_.rank == 0; }
  int local_rank() const { return place_.local_rank; }
  int on_this_machine() const;  ///< processes, this one included
  int on_these_cores() const;   ///< processes that may use the same cores, this one included

  /// The part of `items` things that this process does.
  Share share(size_t items) const { return share_of(items, place_.rank, place_.size); }
  int largest_share(int items) const;  ///< of all processes
  /// Rows [items, d] of all processes in order, from those [share(items).count, d] of each, on the
  /// same device. Without gradient for more than one process.
  torch::Tensor gather(const torch::Tensor& rows, size_t items);
  /// Replaces `values` (contiguous) by their sum over all processes, the same bits in each.
  void sum(torch::Tensor& values);
  /// Replaces `values` (contiguous) by those of rank 0.
  void broadcast(torch::Tensor& values);
  std::string broadcast(const std::string& text);
  std::vector<int64_t> broadcast(const std::vector<int64_t>& numbers);
  double broadcast(double value);
  /// The least value of all processes.
  int64_t least(int64_t value);

  /// The last call of a training that came to its end: returns when all have made it.
  void finish();
  /// Call with the error that ends the training here: tells the others. Returns the error to end
  /// with, which is that of another process when it was the cause. May be called again.
  Error leave(const Error& error);
  /// After leave(): whether another process was the cause.
  bool ended_by_another() const;

 private:
  struct Peers;
  Rendezvous place_;
  std::unique_ptr<Peers> peers_;  ///< null for one process
};

}  // namespace recto
