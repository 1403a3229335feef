#pragma once
// Small PDFs to learn to read from, and a small model (tests only).

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "learn/reading_settings.h"
#include "model/bpe_learner.h"
#include "model/preset.h"
#include "page/test_pdf.h"

namespace recto::test {

/// A document of three pages with twelve lines each; the first is larger.
inline void write_text_pdf(const std::filesystem::path& path, int number) {
  static const char* const kWords[] = {"the",    "river",  "valve",  "budget", "Garden", "school",
                                       "Engine", "window", "letter", "bridge", "copper", "winter"};
  PdfBuilder builder;
  for (int page = 0; page < 3; ++page) {
    std::string content = "BT /F1 26 Tf 60 740 Td 30 TL\n";
    for (int line = 0; line < 12; ++line) {
      if (line == 1) content += "/F1 12 Tf 16 TL\n";
      std::string text;
      for (int word = 0; word < 7; ++word) {
        text += std::string(kWords[(number + page * 5 + line * 3 + word) % 12]) + " ";
      }
      content += "(" + text + ") Tj T*\n";
    }
    builder.add_page(content + "ET\n");
  }
  write_file(path, builder.finish());
}

class ReadingTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new TemporaryDirectory;
    std::filesystem::create_directories(root() / "pdfs");
    BpeLearner learner;
    for (int i = 0; i < 3; ++i) {
      write_text_pdf(root() / "pdfs" / ("book" + std::to_string(i) + ".pdf"), i);
      learner.add("the river valve budget garden school engine window letter bridge copper winter");
    }
    write_file(root() / "tokenizer.json", dump_json(learner.tokenizer(340)));
    create_model("nano", 5, root() / "model", root() / "tokenizer.json");
  }
  static void TearDownTestSuite() {
    delete directory_;
    directory_ = nullptr;
  }
  static const std::filesystem::path& root() { return directory_->path(); }

  static TrainSettings common(const std::string& output) {
    TrainSettings settings;
    settings.model = (root() / "model").string();
    settings.data = {(root() / "pdfs").string()};
    settings.output = (root() / output).string();
    settings.batch_size = 2;
    settings.max_steps = 4;
    settings.warmup = 1;
    settings.threads = 1;
    settings.checkpoint_every = 0;
    return settings;
  }
  static ReadingSettings reading() {
    ReadingSettings settings;
    settings.hold_out = {R"(.*/book2\.pdf)"};
    settings.eval_tiles = 2;
    return settings;
  }

 private:
  static inline TemporaryDirectory* directory_ = nullptr;
};

}  // namespace recto::test
