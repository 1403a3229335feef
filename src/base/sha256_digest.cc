#include "base/sha256_digest.h"

#include <openssl/evp.h>

#include "base/error.h"

namespace recto {

Sha256Digest sha256_digest(std::span<const std::byte> bytes) {
  Sha256Digest digest;
  auto* out = reinterpret_cast<unsigned char*>(digest.data());
  unsigned int size = 0;
  RECTO_CHECK(EVP_Digest(bytes.data(), bytes.size(), out, &size, EVP_sha256(), nullptr) == 1 &&
              size == digest.size());
  return digest;
}

}  // namespace recto
