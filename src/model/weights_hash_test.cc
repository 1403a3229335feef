#include "model/weights_hash.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "support/tiny_model.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

struct TinyWeights {
  TinyWeights() { reload(); }
  void reload() {
    test::write_tiny_tensors(directory.path() / "model.safetensors", test::tiny_tensors());
    weights = Weights::load(directory.path(), parse_model_config(test::tiny_config(), "tiny"));
  }
  TemporaryDirectory directory;
  Weights weights;
};

TEST(WeightsHash, IsKeptUnderTheIdentityOfTheFiles) {
  TinyWeights tiny;
  TemporaryDirectory cache_directory;
  const HashCache cache{cache_directory.path() / "a/b", 0, 0};
  const std::string hash = weights_sha256(tiny.weights, cache);
  EXPECT_EQ(hash, tiny.weights.sha256());
  ASSERT_EQ(std::distance(fs::directory_iterator(cache.directory), {}), 1);

  // What is kept is what comes back: proof that the bytes were not read again.
  const fs::path kept = fs::directory_iterator(cache.directory)->path();
  const std::string other(64, 'a');
  write_file(kept, other);
  EXPECT_EQ(weights_sha256(tiny.weights, cache), other);
  write_file(kept, "not a hash");
  EXPECT_EQ(weights_sha256(tiny.weights, cache), hash);

  tiny.reload();  // the same bytes in a new file: another identity
  EXPECT_EQ(weights_sha256(tiny.weights, cache), hash);
  EXPECT_EQ(std::distance(fs::directory_iterator(cache.directory), {}), 2);
}

TEST(WeightsHash, FreshOrSmallFilesAndBadCachesAreNotKept) {
  TinyWeights tiny;
  TemporaryDirectory directory;
  const std::string hash = tiny.weights.sha256();
  EXPECT_EQ(weights_sha256(tiny.weights, {directory.path(), 0, 3600}), hash);
  EXPECT_EQ(weights_sha256(tiny.weights, {directory.path(), 1 << 30, 0}), hash);
  EXPECT_TRUE(fs::is_empty(directory.path()));
  EXPECT_EQ(weights_sha256(tiny.weights, {"", 0, 0}), hash);
  EXPECT_EQ(weights_sha256(tiny.weights, {"/proc/no/such/place", 0, 0}), hash);
}

}  // namespace
}  // namespace recto
