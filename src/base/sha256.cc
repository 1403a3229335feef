#include "base/sha256.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"

namespace recto {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  RECTO_CHECK(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes) {
  RECTO_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

void Sha256::update(std::string_view text) { update(as_bytes(text)); }

std::string Sha256::hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  RECTO_CHECK(EVP_DigestFinal_ex(state_->context, digest, &size) == 1);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

std::string sha256_hex(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

std::string sha256_hex(std::string_view text) { return sha256_hex(as_bytes(text)); }

std::string sha256_file(const std::filesystem::path& path) {
  constexpr size_t kPiece = size_t{16} << 20;
  const MappedFile file(path);
  Sha256 hash;
  for (auto rest = file.bytes(); !rest.empty();
       rest = rest.subspan(std::min(kPiece, rest.size()))) {
    const auto piece = rest.first(std::min(kPiece, rest.size()));
    hash.update(piece);
    file.release(piece);
  }
  return hash.hex();
}

}  // namespace recto
