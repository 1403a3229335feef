#include "engine/buffer.h"

#include <sys/mman.h>

#include <utility>

#include "base/error.h"

namespace recto {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

size_t rounded(size_t bytes) {
  const size_t step = bytes >= kHugePage ? kHugePage : size_t{4096};
  return (bytes + step - 1) / step * step;
}

}  // namespace

Buffer::Buffer(size_t bytes) : size_(rounded(bytes)) {
  if (bytes == 0) {
    size_ = 0;
    return;
  }
  // Mapped with room to start at a huge page's boundary; the rest is given back.
  const size_t slack = size_ >= kHugePage ? kHugePage : 0;
  void* memory =
      ::mmap(nullptr, size_ + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    fail(ErrorCode::kLimit,
         "no memory for {} MB of weights or activations: use fewer threads or "
         "fewer tokens in a batch",
         size_ >> 20);
  }
  data_ = static_cast<std::byte*>(memory);
  if (slack != 0) {
    const size_t skip = (kHugePage - reinterpret_cast<uintptr_t>(data_) % kHugePage) % kHugePage;
    if (skip != 0) ::munmap(data_, skip);
    data_ += skip;
    if (skip != slack) ::munmap(data_ + size_, slack - skip);
    ::madvise(data_, size_, MADV_HUGEPAGE);
  }
}

Buffer::~Buffer() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

float* FloatBuffer::reserve(int64_t count) {
  const size_t bytes = static_cast<size_t>(count) * sizeof(float);
  if (bytes > buffer_.size()) {
    buffer_ = Buffer();
    buffer_ = Buffer(bytes);
  }
  return data();
}

}  // namespace recto
