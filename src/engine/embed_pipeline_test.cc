#include "engine/embed_pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>

#include "base/error.h"
#include "base/file.h"
#include "page/reader.h"
#include "page/test_pdf.h"
#include "support/support.h"

namespace recto {
namespace {

// Gives each input a vector that tells its length, and remembers the sizes of the batches.
class CountingEmbedder : public Embedder {
 public:
  CountingEmbedder()
      : model_(ModelDirectory::open(test::goldens() / "models" / test::golden_models().front())) {}

  const ModelDirectory& model() const override { return *model_; }
  Matrix embed(std::span<const ModelInput> inputs) override {
    Matrix vectors(static_cast<int64_t>(inputs.size()), 1);
    size_t tokens = 0;
    for (size_t i = 0; i < inputs.size(); ++i) {
      vectors.values[i] = static_cast<float>(inputs[i].ids.size());
      tokens += inputs[i].ids.size();
    }
    largest_batch = std::max(largest_batch, inputs.size() > 1 ? tokens : 0);
    ++batches;
    return vectors;
  }
  void inspect(const ModelInput&, const ActivationObserver&) override {}

  size_t largest_batch = 0;
  int batches = 0;

 private:
  std::shared_ptr<const ModelDirectory> model_;
};

/// Remembers the pixels of the views it is given.
class SeeingEmbedder : public Embedder {
 public:
  explicit SeeingEmbedder(std::shared_ptr<const ModelDirectory> model) : model_(std::move(model)) {}

  const ModelDirectory& model() const override { return *model_; }
  Matrix embed(std::span<const ModelInput> inputs) override {
    for (const ModelInput& input : inputs) seen.push_back(input.images.at(0).pixels);
    return Matrix(static_cast<int64_t>(inputs.size()), 1);
  }
  void inspect(const ModelInput&, const ActivationObserver&) override {}

  std::vector<std::vector<uint8_t>> seen;

 private:
  std::shared_ptr<const ModelDirectory> model_;
};

EmbedItem query(const std::string& id, const std::string& text) {
  EmbedItem item;
  item.id = id;
  item.query = text;
  return item;
}

std::vector<EmbedItem> queries(int count) {
  std::vector<EmbedItem> items;
  for (int i = 0; i < count; ++i) {
    std::string text = "word";
    for (int word = 0; word < i % 7; ++word) text += " word";
    items.push_back(query(std::to_string(i), text));
  }
  return items;
}

TEST(EmbedPipeline, KeepsTheOrderAndBoundsTheBatches) {
  CountingEmbedder embedder;
  const auto items = queries(100);
  EmbedOptions options;
  options.batch_tokens = 64;
  std::vector<std::string> ids;
  const EmbedReport report = embed_all(embedder, items, options, [&](const EmbeddedRow& row) {
    ids.push_back(row.id);
    EXPECT_EQ(static_cast<size_t>(row.vector[0]),
              embedder.model().inputs().query(*row.item.query).ids.size());
  });
  EXPECT_EQ(report.rows, 100u);
  EXPECT_GT(embedder.batches, 10);
  EXPECT_LE(embedder.largest_batch, 64u);
  for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(ids[i], items[i].id);
}

TEST(EmbedPipeline, PagesAreDrawnForTheLargerOfTheTwoEdges) {
  const TemporaryDirectory directory;
  EmbedItem item;
  item.pdf = directory.path() / "a.pdf";
  write_file(item.pdf, test::simple_pdf({"Small letters of a page"}));
  for (const auto& [first, second] : {std::pair(60, 250), std::pair(250, 60), std::pair(60, 0)}) {
    SeeingEmbedder embedder(ModelDirectory::open(
        test::goldens() / "models" / test::golden_models().front(),
        {.longest_edge = first, .second_edge = second, .image_splitting = true}));
    embed_all(embedder, std::vector<EmbedItem>{item}, {}, [](const EmbeddedRow&) {});
    const Image drawn = Document(item.pdf).render(1, std::max(first, second));
    ASSERT_EQ(embedder.seen.size(), 1u);
    EXPECT_EQ(embedder.seen[0], embedder.model().inputs().document(drawn).images[0].pixels);
  }
}

TEST(EmbedPipeline, NothingGivesNothing) {
  CountingEmbedder embedder;
  EXPECT_EQ(embed_all(embedder, std::vector<EmbedItem>{}, {}, [](const EmbeddedRow&) {}).rows, 0u);
  EXPECT_EQ(embedder.batches, 0);
}

TEST(EmbedPipeline, TheFirstBadInputEndsIt) {
  CountingEmbedder embedder;
  auto items = queries(50);
  items[20] = query("bad", "  ");
  items[20].where = "line 21";
  items[30] = query("worse", "");
  try {
    embed_all(embedder, items, {}, [](const EmbeddedRow&) {});
    FAIL() << "a blank query was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
    EXPECT_EQ(std::string(error.what()).rfind("line 21: ", 0), 0u) << error.what();
  }
}

TEST(EmbedPipeline, KeepGoingSkipsBadInputs) {
  CountingEmbedder embedder;
  auto items = queries(6);
  items[1] = query("blank", " ");
  items[2].image = "no-such-file.png";
  items[3] = EmbedItem{};
  EmbedOptions options;
  options.keep_going = true;
  std::string ids;
  const EmbedReport report =
      embed_all(embedder, items, options, [&](const EmbeddedRow& row) { ids += row.id; });
  EXPECT_EQ(ids, "045");
  EXPECT_EQ(report.failed, 3u);
}

TEST(EmbedPipeline, SourcesMayReportErrorsAndGoOn) {
  CountingEmbedder embedder;
  EmbedOptions options;
  const EmbedSource source = [](EmbedIntake& intake) {
    intake.add(query("a", "one"));
    intake.add_error(Error(ErrorCode::kBadInput, "line 2 is broken"));
    intake.add(query("c", "three"));
  };
  EXPECT_THROW(embed_all(embedder, source, options, [](const EmbeddedRow&) {}), Error);
  options.keep_going = true;
  const EmbedReport report = embed_all(embedder, source, options, [](const EmbeddedRow&) {});
  EXPECT_EQ(report.rows, 2u);
  EXPECT_EQ(report.failed, 1u);
}

TEST(EmbedPipeline, WhatTheSinkThrowsStopsTheSource) {
  CountingEmbedder embedder;
  EmbedOptions options;
  options.batch_tokens = 1;
  const EmbedSource endless = [](EmbedIntake& intake) {
    for (;;) intake.add(query("again", "and again"));
  };
  EXPECT_THROW(embed_all(embedder, endless, options,
                         [](const EmbeddedRow&) { fail(ErrorCode::kIo, "the disk is full"); }),
               Error);
}

TEST(EmbedPipeline, WhatTheSourceThrowsEndsItEvenWhenItKeepsGoing) {
  CountingEmbedder embedder;
  EmbedOptions options;
  options.keep_going = true;
  EXPECT_THROW(embed_all(
                   embedder, [](EmbedIntake&) { fail(ErrorCode::kNotFound, "no such table"); },
                   options, [](const EmbeddedRow&) {}),
               Error);
}

TEST(EmbedPipeline, TruncatedTextsAreCounted) {
  CountingEmbedder embedder;
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "word ";
  const EmbedReport report =
      embed_all(embedder, {query("long", text), query("short", "word")}, {},
                [](const EmbeddedRow& row) { EXPECT_EQ(row.truncated, row.id == "long"); });
  EXPECT_EQ(report.truncated, 1u);
}

TEST(EmbedItem, IsOneOfTheKinds) {
  EmbedItem item;
  EXPECT_THROW(check_embed_item(item), Error);
  item.text = "words alone";
  EXPECT_THROW(check_embed_item(item), Error);
  item.image = "a.png";
  EXPECT_NO_THROW(check_embed_item(item));
  item.query = "and a query";
  EXPECT_THROW(check_embed_item(item), Error);
  item.text.reset();
  EXPECT_NO_THROW(check_embed_item(item));
  item.pdf = "a.pdf";
  EXPECT_THROW(check_embed_item(item), Error);
  item = query("a", "b");
  item.passage = "c";
  EXPECT_THROW(check_embed_item(item), Error);
  item = EmbedItem{};
  item.pdf = "a.pdf";
  item.page = -1;
  EXPECT_THROW(check_embed_item(item), Error);
}

}  // namespace
}  // namespace recto
