#pragma once
// A small dataset to train on (tests only).

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/random.h"
#include "data/dataset.h"
#include "learn/train_settings.h"
#include "model/model_directory.h"
#include "page/encode.h"
#include "support/support.h"

namespace recto::test {

struct SmallDataset {
  int families = 6;
  int pages = 3;           ///< of each family's one document
  int pages_of_first = 0;  ///< in place of it for the first family; 0: the same
  bool validation = false;
  bool negatives = true;
};

/// A page of one colour with a darker bar at a height of its own: easy to tell from the others.
inline Image striped_page(int number) {
  Random random(77, static_cast<uint64_t>(number));
  Image page{90, 120, std::vector<uint8_t>(90 * 120 * 3)};
  const uint8_t colour[3] = {static_cast<uint8_t>(random.below(256)),
                             static_cast<uint8_t>(random.below(256)),
                             static_cast<uint8_t>(random.below(256))};
  for (int y = 0; y < page.height; ++y) {
    for (int x = 0; x < page.width * 3; ++x) {
      const bool bar = y / 8 == number % 15;
      page.rgb[static_cast<size_t>(y * page.width * 3 + x)] =
          bar ? static_cast<uint8_t>(colour[x % 3] / 4) : colour[x % 3];
    }
  }
  return page;
}

/// Two queries a page. Page k of the dataset has the queries "q<k>a" and "q<k>b".
inline void write_small_dataset(const std::filesystem::path& directory,
                                const SmallDataset& options = {}) {
  static const char* const kWords[] = {"river",  "valve",  "budget", "garden", "school", "engine",
                                       "window", "letter", "bridge", "copper", "winter", "ticket"};
  StagedDirectory staged(directory);
  DatasetWriter writer(staged.path());
  int number = 0;
  for (int f = 0; f < options.families; ++f) {
    const std::string document(64, static_cast<char>('a' + f));
    const std::string split =
        options.validation && f == options.families - 1 ? "validation" : "train";
    const int pages = f == 0 && options.pages_of_first > 0 ? options.pages_of_first : options.pages;
    writer.add(split, DocumentRow{document, "book.pdf", "Book", "CC0-1.0", "", "", pages, "en",
                                  "family" + std::to_string(f), split});
    const int first = number;
    for (int p = 1; p <= pages; ++p, ++number) {
      PageRow page;
      page.page_id = document + "-" + std::to_string(p);
      page.document_id = document;
      page.page_number = p;
      const Image image = striped_page(number);
      page.image = encode_png(image);
      page.width = image.width;
      page.height = image.height;
      page.text_source = "none";
      writer.add(split, page);
      for (const char* variant : {"a", "b"}) {
        const std::string id = fmt::format("q{}{}", number, variant);
        writer.add(split, QueryRow{id,
                                   std::string(kWords[number % 12]) + " " + std::to_string(number) +
                                       " " + variant,
                                   "en", "heading", "test", "1"});
        writer.add(split, QrelRow{id, page.page_id, 1});
        const int other = first + (number - first + 1) % pages;
        if (options.negatives && pages > 1) {
          writer.add(split, NegativeRow{id, document + "-" + std::to_string(other - first + 1), 1,
                                        0.5f, "test"});
        }
      }
    }
  }
  writer.finish(Json::object(), "A dataset for tests.\n");
  staged.commit();
}

/// The first golden model: any model will do.
inline std::filesystem::path any_model() { return goldens() / "models" / golden_models().front(); }

/// Short training of that model on `data`, on one thread.
inline TrainSettings quick_settings(const std::filesystem::path& data,
                                    const std::filesystem::path& output) {
  TrainSettings settings;
  settings.model = any_model();
  settings.data = {data};
  settings.output = output;
  settings.threads = 1;
  settings.batch_size = 6;
  settings.max_steps = 4;
  settings.epochs = 10;
  settings.lora_r = 4;
  settings.eval_queries = 0;
  settings.longest_edge =
      2 * read_model_config(any_model()).vision.image_size;  // at most five views a page
  return settings;
}

/// The lines of the metrics.jsonl in `output`.
inline std::vector<Json> metrics_of(const std::filesystem::path& output) {
  std::vector<Json> lines;
  std::istringstream text(read_file(output / "metrics.jsonl"));
  for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
  return lines;
}

/// The same without times and speeds, in which equal runs differ.
inline std::vector<Json> timeless_metrics_of(const std::filesystem::path& output) {
  std::vector<Json> lines = metrics_of(output);
  for (Json& line : lines) {
    line.erase("seconds");
    line.erase("pairs_per_second");
  }
  return lines;
}

/// Trainings in a directory of their own, which tell nothing.
class TrainingRunTest : public testing::Test {
 protected:
  TrainingRunTest() {
    set_log_level(LogLevel::kWarning);
    set_progress_shown(false);
  }
  std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }

  TemporaryDirectory directory_;
};

/// Those on a small dataset.
class SmallTrainingTest : public TrainingRunTest {
 protected:
  void SetUp() override { write_small_dataset(data()); }
  std::filesystem::path data() const { return path("data"); }
  std::filesystem::path output(const std::string& name = "out") const { return path(name); }
};

/// Code and message of the error that `action` must throw.
inline Error error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(ErrorCode::kInternal, "");
}

}  // namespace recto::test
