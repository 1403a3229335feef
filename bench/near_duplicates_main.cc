// recto's side of bench/near_duplicates: finds the near-duplicates among made-up pages.
//
//     recto-bench-near-duplicates COUNT THREADS HASHES
//
// Of COUNT pages one in ten looks like an earlier one. The hashes are written to the file HASHES
// (32 bytes each), for the peer; one line of JSON goes to stdout.

#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "curate/near_duplicates.h"
#include "curate/word_grams.h"

namespace recto {
namespace {

struct Pages {
  std::vector<PerceptualHash> hashes;
  std::vector<uint64_t> seeds;  // of the texts
};

Pages make_pages(size_t count) {
  Random random(1);
  Pages pages;
  for (size_t i = 0; i < count; ++i) {
    PerceptualHash hash{random.next(), random.next(), random.next(), random.next()};
    uint64_t seed = random.next();
    if (i > 0 && random.below(10) == 0) {
      const size_t earlier = random.below(i);
      hash = pages.hashes[earlier];
      for (uint64_t flips = random.below(40); flips > 0; --flips) {
        const uint64_t bit = random.below(256);
        hash[bit / 64] ^= uint64_t{1} << (bit % 64);
      }
      if (random.below(2) == 0) seed = pages.seeds[earlier];
    }
    pages.hashes.push_back(hash);
    pages.seeds.push_back(seed);
  }
  return pages;
}

std::string text_of(uint64_t seed) {
  Random random(seed);
  std::string text;
  for (int i = 0; i < 300; ++i) text += fmt::format("w{} ", random.below(20000));
  return text;
}

/// Of all threads: steady also on a machine that others use.
double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void run(size_t count, int threads, const char* hashes_file) {
  const Pages pages = make_pages(count);
  write_file(hashes_file, std::string_view(reinterpret_cast<const char*>(pages.hashes.data()),
                                           count * sizeof(PerceptualHash)));
  const std::vector<int> words(count, 300);
  const std::vector<uint8_t> blank(count, 0);
  const double begin = processor_seconds();
  const NearDuplicates found = find_near_duplicates(
      {pages.hashes, words, blank, [&](size_t i) { return text_of(pages.seeds[i]); },
       [](size_t i) { return fmt::format("{:064x}-1", i); }},
      threads);
  const double seconds = processor_seconds() - begin;
  fmt::print(R"({{"seconds": {:.3f}, "pairs": {}, "duplicates": {}, "groups": {}, "peak_mib": {}}})"
             "\n",
             seconds, found.duplicate_pairs + found.near_pairs, found.duplicate_pairs,
             found.group_names.size(), peak_memory_bytes() >> 20);
}

}  // namespace
}  // namespace recto

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "recto-bench-near-duplicates COUNT THREADS HASHES\n");
    return 2;
  }
  try {
    recto::run(std::strtoull(argv[1], nullptr, 10), std::atoi(argv[2]), argv[3]);
    return 0;
  } catch (const recto::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return recto::exit_status(error.code());
  }
}
