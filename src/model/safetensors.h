#pragma once
// The safetensors container: an 8-byte little-endian header length, a JSON header, the data.

#include <filesystem>
#include <map>
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
  void add(const std::string& name, TensorView tensor);
  /// Copies fp32 values.
  void add(const std::string& name, std::vector<int64_t> shape, std::span<const float> values);
  void add(const std::string& name, std::vector<int64_t> shape, std::span<const int32_t> values);
  void set_metadata(const std::string& key, const std::string& value);
  /// Same content, same bytes. Tensors are aligned to 8 bytes and sorted by name. Throws Error(kIo).
  void write(const std::filesystem::path& path) const;

 private:
  std::map<std::string, TensorView> tensors_;
  std::map<std::string, std::vector<std::byte>> owned_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace recto
