#include "base/shrunk_file.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "base/file.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

constexpr size_t kSize = 1 << 16;

class ShrunkFileTest : public testing::Test {
 protected:
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    write_file(path_, std::string(kSize, 'x'));
  }
  /// Counts the letters in another thread, as a kernel would.
  static size_t count(const MappedFile& file) {
    size_t found = 0;
    std::thread([&] {
      for (const std::byte byte : file.bytes()) found += byte == std::byte{'x'} ? 1 : 0;
    }).join();
    return found;
  }

  TemporaryDirectory directory_;
  const fs::path path_ = directory_.path() / "model.safetensors";
};

TEST_F(ShrunkFileTest, EndsTheProgramWithAMessageThatNamesTheFile) {
  const auto shrink_and_read = [&] {
    install_shrunk_file_handler();
    MappedFile other(path_);
    const MappedFile moved = std::move(other);
    fs::resize_file(path_, 100);
    std::printf("%zu", count(moved));
  };
  EXPECT_EXIT(shrink_and_read(), testing::ExitedWithCode(1),
              "^recto: .*/model.safetensors became shorter while it was read");
}

TEST_F(ShrunkFileTest, AFileThatStaysIsReadAndForgotten) {
  install_shrunk_file_handler();
  for (int i = 0; i < 1000; ++i) {  // more than there is room for at once
    const MappedFile file(path_);
    ASSERT_EQ(file.bytes().size(), kSize);
  }
  EXPECT_EQ(count(MappedFile(path_)), kSize);
}

TEST_F(ShrunkFileTest, AMappingOfSomebodyElseIsNotExplained) {
  const auto shrink_and_read = [&] {
    std::signal(SIGBUS, SIG_DFL);  // sanitizers have a handler of their own
    install_shrunk_file_handler();
    std::FILE* const file = std::fopen(path_.c_str(), "r");
    const void* const data = ::mmap(nullptr, kSize, PROT_READ, MAP_PRIVATE, ::fileno(file), 0);
    fs::resize_file(path_, 0);
    std::printf("%d", *static_cast<const volatile char*>(data));
  };
  EXPECT_EXIT(shrink_and_read(), testing::KilledBySignal(SIGBUS), "^$");
}

}  // namespace
}  // namespace recto
