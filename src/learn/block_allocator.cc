#include "learn/block_allocator.h"

#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <unordered_map>
#include <utility>

namespace recto {
namespace {

constexpr size_t kSmall = size_t{1} << 20;

void* map_block(size_t size) {
  void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  TORCH_CHECK(data != MAP_FAILED, "not enough memory: a block of ", size, " bytes is wanted");
  ::madvise(data, size, MADV_HUGEPAGE);
  return data;
}

/// torch gives a deleter nothing but the address.
struct Block {
  std::function<void(void*, size_t)> keep;
  size_t size = 0;
};

struct BlocksInUse {
  std::mutex mutex;
  std::unordered_map<void*, Block> blocks;
  c10::DeleterFnPtr delete_small = nullptr;
};

BlocksInUse& blocks_in_use() {
  static auto* const blocks = new BlocksInUse;  // tensors in static objects may outlive main()
  return *blocks;
}

}  // namespace

BlockAllocator::BlockAllocator(c10::Allocator& small) : small_(small) {
  blocks_in_use().delete_small = small.raw_deleter();
}

size_t BlockAllocator::block_size(size_t bytes) {
  const size_t step = std::bit_floor(bytes) / 8;
  return (bytes + step - 1) / step * step;
}

BlockAllocator::~BlockAllocator() {
  for (const auto& [size, data] : idle_) ::munmap(data, size);
}

c10::DataPtr BlockAllocator::allocate(size_t bytes) {
  if (bytes < kSmall) return small_.allocate(bytes);
  const size_t size = block_size(bytes);
  void* data = take(size);
  {
    BlocksInUse& in_use = blocks_in_use();
    const std::lock_guard lock(in_use.mutex);
    in_use.blocks[data] = {[this](void* block, size_t bytes_of_it) { keep(block, bytes_of_it); },
                           size};
  }
  return {data, data, put_back, c10::Device(c10::DeviceType::CPU)};
}

c10::DeleterFnPtr BlockAllocator::raw_deleter() const { return put_back; }

void* BlockAllocator::take(size_t size) {
  const std::lock_guard lock(mutex_);
  const auto known = idle_.find(size);
  void* data = nullptr;
  if (known != idle_.end()) {
    data = known->second;
    idle_.erase(known);
    kept_ -= size;
  } else {
    release_idle(size);
    data = map_block(size);
  }
  used_ += size;
  most_used_ = std::max(most_used_, used_);
  return data;
}

/// Makes room for a new block of `wanted` bytes, of the largest kept ones first.
void BlockAllocator::release_idle(size_t wanted) {
  const size_t limit = std::max(most_used_, used_ + wanted) / 8 * 9;
  while (!idle_.empty() && used_ + kept_ + wanted > limit) {
    const auto largest = std::prev(idle_.end());
    ::munmap(largest->second, largest->first);
    kept_ -= largest->first;
    idle_.erase(largest);
  }
}

void BlockAllocator::put_back(void* data) {
  BlocksInUse& in_use = blocks_in_use();
  std::unique_lock lock(in_use.mutex);
  const auto known = in_use.blocks.find(data);
  if (known == in_use.blocks.end()) {
    lock.unlock();
    in_use.delete_small(data);
    return;
  }
  const Block block = std::move(known->second);
  in_use.blocks.erase(known);
  lock.unlock();
  block.keep(data, block.size);
}

void BlockAllocator::keep(void* data, size_t size) {
  const std::lock_guard lock(mutex_);
  idle_.emplace(size, data);
  used_ -= size;
  kept_ += size;
}

void BlockAllocator::copy_data(void* to, const void* from, size_t bytes) const {
  std::memcpy(to, from, bytes);
}

size_t BlockAllocator::held() const {
  const std::lock_guard lock(mutex_);
  return used_ + kept_;
}

void use_block_allocator() {
  // Never destroyed: tensors in static objects may outlive main().
  static auto* const allocator = new BlockAllocator(*c10::GetDefaultCPUAllocator());
  c10::SetCPUAllocator(allocator, /*priority=*/1);
}

}  // namespace recto
