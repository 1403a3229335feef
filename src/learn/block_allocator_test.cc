#include "learn/block_allocator.h"

#include <gtest/gtest.h>

namespace recto {
namespace {

constexpr size_t kMegabyte = size_t{1} << 20;

class BlockAllocatorTest : public testing::Test {
 protected:
  BlockAllocator allocator_{*c10::GetAllocator(c10::DeviceType::CPU)};
};

TEST_F(BlockAllocatorTest, BlocksAreAnEighthLargerAtMost) {
  for (const size_t bytes : {kMegabyte, kMegabyte + 1, 3 * kMegabyte - 1, 1000 * kMegabyte + 7}) {
    const size_t size = BlockAllocator::block_size(bytes);
    EXPECT_GE(size, bytes);
    EXPECT_LE(size, bytes + bytes / 8 + 1) << bytes;
    EXPECT_EQ(BlockAllocator::block_size(size), size);
  }
}

TEST_F(BlockAllocatorTest, AFreedBlockIsUsedAgain) {
  void* first = nullptr;
  {
    const c10::DataPtr block = allocator_.allocate(5 * kMegabyte);
    first = block.get();
    std::memset(first, 1, 5 * kMegabyte);
  }
  const c10::DataPtr again = allocator_.allocate(5 * kMegabyte - 100);
  EXPECT_EQ(again.get(), first);
  EXPECT_EQ(allocator_.held(), 5 * kMegabyte);
}

TEST_F(BlockAllocatorTest, SmallTensorsAreLeftToTheOther) {
  const c10::DataPtr block = allocator_.allocate(kMegabyte - 1);
  EXPECT_NE(block.get(), nullptr);
  EXPECT_EQ(allocator_.held(), 0u);
}

TEST_F(BlockAllocatorTest, WhatIsKeptIsBoundedByWhatWasUsed) {
  size_t most = 0;
  for (size_t megabytes = 1; megabytes <= 64; ++megabytes) {  // each of another size
    const c10::DataPtr block = allocator_.allocate(megabytes * kMegabyte);
    most = std::max(most, BlockAllocator::block_size(megabytes * kMegabyte));
    EXPECT_LE(allocator_.held(), most / 8 * 9);
  }
}

TEST_F(BlockAllocatorTest, BlocksInUseDoNotOverlap) {
  const c10::DataPtr a = allocator_.allocate(2 * kMegabyte), b = allocator_.allocate(2 * kMegabyte);
  std::memset(a.get(), 1, 2 * kMegabyte);
  std::memset(b.get(), 2, 2 * kMegabyte);
  EXPECT_EQ(static_cast<const char*>(a.get())[2 * kMegabyte - 1], 1);
  EXPECT_EQ(allocator_.held(), 4 * kMegabyte);
}

}  // namespace
}  // namespace recto
