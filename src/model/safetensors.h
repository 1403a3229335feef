#pragma once
// The safetensors container: an 8-byte little-endian header length, a JSON header, the data.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "model/tensor.h"

namespace recto {

/// A safetensors file mapped into memory; tensors are views into it, valid as long as it lives.
class SafetensorsFile {
 public:
  /// Strict: throws Error(kBadInput) naming the file and the tensor for a file shorter than its
  /// header says, a header that is not such JSON or above 100 MB, an unknown dtype, a size that
  /// disagrees with dtype and shape, tensors that overlap, leave holes or end after the file.
  explicit SafetensorsFile(const std::filesystem::path& path);

  /// Sorted by name.
  const std::map<std::string, TensorView>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// Throws Error(kNotFound) naming the file and the tensor.
  const TensorView& at(const std::string& name) const;
  bool contains(const std::string& name) const { return tensors_.count(name) != 0; }

  /// Lets the pages of `bytes` go from this process's memory if they lie in this file; they are
  /// mapped again when they are next touched. For one pass over a large file.
  void release(std::span<const std::byte> bytes) const;

 private:
  std::filesystem::path path_;
  MappedFile file_;
  std::map<std::string, TensorView> tensors_;
  std::map<std::string, std::string> metadata_;
};

/// Parses and checks a container in memory (what SafetensorsFile does; fuzzed).
void parse_safetensors(std::span<const std::byte> bytes, const std::string& where,
                       std::map<std::string, TensorView>& tensors,
                       std::map<std::string, std::string>& metadata);

/// Collects tensors and writes them in one atomic file. The data is borrowed until write().
class SafetensorsWriter {
 public:
  /// Writes the bytes of one tensor into a buffer of its size.
  using Fill = std::function<void(std::span<std::byte>)>;

  /// Is told of each part of a borrowed tensor that write() has written.
  using Written = std::function<void(std::span<const std::byte>)>;

  void add(const std::string& name, TensorView tensor, Written written = {});
  /// Copies fp32 values.
  void add(const std::string& name, std::vector<int64_t> shape, std::span<const float> values);
  void add(const std::string& name, std::vector<int64_t> shape, std::span<const int32_t> values);
  /// A tensor made during write(), so that only one of them is in memory at a time.
  void add(const std::string& name, DType dtype, std::vector<int64_t> shape, Fill fill);
  void set_metadata(const std::string& key, const std::string& value);

  /// Bytes that write() will write.
  uint64_t file_size() const;

  /// Same content, same bytes. The data starts at a multiple of 8 bytes and is laid out by falling
  /// element size, then by name, so that every tensor is aligned to its elements. Throws
  /// Error(kIo), or Error(kInterrupted) between tensors; neither leaves a file.
  void write(const std::filesystem::path& path) const;

 private:
  struct Entry {
    DType dtype = DType::kF32;
    std::vector<int64_t> shape;
    std::span<const std::byte> borrowed;
    Written written;
    std::shared_ptr<const std::vector<std::byte>> owned;
    Fill fill;
    uint64_t size = 0;  ///< bytes
  };
  using Named = std::pair<const std::string, Entry>;

  void insert(const std::string& name, Entry entry);
  void add_copy(const std::string& name, DType dtype, std::vector<int64_t> shape,
                std::span<const std::byte> bytes);
  std::vector<const Named*> layout() const;
  std::string header() const;

  std::map<std::string, Entry> entries_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace recto
