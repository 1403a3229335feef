#pragma once
// SHA-256, the one hash that names documents, weights and contracts.

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace recto {

/// Incremental SHA-256 (FIPS 180-4, computed by OpenSSL).
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::span<const std::byte> bytes);
  void update(std::string_view text);
  /// 64 lower-case hexadecimal digits. Call once, last.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::span<const std::byte> bytes);
std::string sha256_hex(std::string_view text);
/// Hash of a file's content, which is mapped and given back a piece at a time: a file may be larger
/// than memory. Throws as MappedFile does.
std::string sha256_file(const std::filesystem::path& path);

}  // namespace recto
