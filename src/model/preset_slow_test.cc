// The large presets, written in full.

#include <gtest/gtest.h>

#include "base/cpu.h"
#include "base/file.h"
#include "model/model_directory.h"
#include "model/preset.h"

namespace recto {
namespace {

struct Size {
  const char* name;
  int64_t parameters;
  uint64_t disk_bytes;
};

class LargePreset : public ::testing::TestWithParam<Size> {};

TEST_P(LargePreset, IsACompleteModelAndNeedsLittleMemory) {
  const Size size = GetParam();
  TemporaryDirectory directory;
  if (free_disk_bytes(directory.path()) < size.disk_bytes) {
    GTEST_SKIP() << size.name << " needs " << (size.disk_bytes >> 30) << " GB of disk";
  }
  create_model(size.name, 1, directory.path() / "model");
  EXPECT_LT(peak_memory_bytes(), uint64_t{1} << 30);
  const auto model = ModelDirectory::open(directory.path() / "model");
  int64_t count = 0;
  for (const auto& [name, tensor] : model->weights().tensors()) count += tensor.elements();
  EXPECT_EQ(count, size.parameters);
  EXPECT_EQ(model->config().dtype, DType::kBF16);
  EXPECT_FALSE(model->inputs().query("total").ids.empty());
}

INSTANTIATE_TEST_SUITE_P(All, LargePreset,
                         ::testing::Values(Size{"256m", 256'484'928, uint64_t{1} << 30},
                                           Size{"500m", 507'482'304, uint64_t{2} << 30},
                                           Size{"2.2b", 2'246'272'880, uint64_t{6} << 30}),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace recto
