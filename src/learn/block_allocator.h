#pragma once
// Memory for torch's large tensors on the CPU.

#include <cstddef>
#include <map>
#include <mutex>

#include "learn/torch.h"

namespace recto {

/// Keeps freed blocks for tensors of about the same size. Training takes and frees the same large
/// blocks at each step: clearing fresh pages would cost up to a third of the time, and a heap in
/// which what lasts until the backward pass lies between what does not takes up to twice the
/// memory. Blocks used and kept are never more than 9/8 of the most that was used at once. Small
/// ones come from the allocator before. Thread-safe.
class BlockAllocator : public c10::Allocator {
 public:
  /// `small` gives what is below 1 MB, and must outlive the object.
  explicit BlockAllocator(c10::Allocator& small);
  ~BlockAllocator() override;
  BlockAllocator(const BlockAllocator&) = delete;
  BlockAllocator& operator=(const BlockAllocator&) = delete;

  /// Throws what torch's own throws without memory.
  c10::DataPtr allocate(size_t bytes) override;
  /// Of whatever any of these allocators gave, if they share one for small ones.
  c10::DeleterFnPtr raw_deleter() const override;
  void copy_data(void* to, const void* from, size_t bytes) const override;

  /// Bytes of blocks in use and kept.
  size_t held() const;

  /// `bytes` rounded up to what blocks are made of: an eighth of a power of two.
  static size_t block_size(size_t bytes);

 private:
  static void put_back(void* data);
  void keep(void* data, size_t size);
  void* take(size_t size);
  void release_idle(size_t wanted);

  c10::Allocator& small_;
  mutable std::mutex mutex_;
  std::multimap<size_t, void*> idle_;
  size_t used_ = 0, kept_ = 0, most_used_ = 0;
};

/// Makes one torch's allocator for the CPU, until the program ends. Call once.
void use_block_allocator();

}  // namespace recto
