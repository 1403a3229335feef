#pragma once
// Memory for activations and packed weights.

#include <cstddef>
#include <cstdint>

namespace recto {

/// Zero-filled pages from the operating system, in huge pages where it grants them: packed weights
/// are read in full for every query, and with small pages that takes a quarter longer. Movable.
class Buffer {
 public:
  Buffer() = default;
  /// Throws Error(kLimit) naming the size when there is no such memory.
  explicit Buffer(size_t bytes);
  ~Buffer();
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;

  std::byte* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  std::byte* data_ = nullptr;
  size_t size_ = 0;
};

/// An array of floats that only grows. Aligned to 64 bytes.
class FloatBuffer {
 public:
  /// At least `count` floats; new memory is zero, old content is lost when the array grows.
  float* reserve(int64_t count);
  float* data() const { return reinterpret_cast<float*>(buffer_.data()); }

 private:
  Buffer buffer_;
};

}  // namespace recto
