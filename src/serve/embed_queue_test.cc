#include "serve/embed_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>

#include "base/error.h"
#include "engine/cpu_embedder.h"
#include "model/model_directory.h"
#include "support/support.h"

namespace recto {
namespace {

/// The engine, whose first batch waits to be let through, and which keeps how long each was.
class Gate : public Embedder {
 public:
  explicit Gate(std::unique_ptr<Embedder> engine) : engine_(std::move(engine)) {}

  const ModelDirectory& model() const override { return engine_->model(); }
  void inspect(const ModelInput&, const ActivationObserver&) override {}
  Matrix embed(std::span<const ModelInput> inputs) override {
    if (batches.empty()) {
      entered.set_value();
      open.get_future().wait();
    }
    batches.push_back(inputs.size());
    return engine_->embed(inputs);
  }

  std::promise<void> entered, open;
  std::vector<size_t> batches;  ///< read once nothing is embedded any more

 private:
  std::unique_ptr<Embedder> engine_;
};

class EmbedQueueTest : public ::testing::Test {
 protected:
  EmbedQueueTest()
      : model_(ModelDirectory::open(test::goldens() / "models" / test::golden_models().front())),
        engine_(make_cpu_embedder(model_, {.threads = 1})),
        gate_(make_cpu_embedder(model_, {.threads = 1})) {}

  std::vector<ModelInput> queries(int first, int count) const {
    std::vector<ModelInput> inputs;
    for (int i = first; i < first + count; ++i) {
      inputs.push_back(model_->inputs().query(std::to_string(i)));
    }
    return inputs;
  }

  /// Asks in a thread of its own, and returns once the queue has the request.
  std::future<QueuedVectors> ask(EmbedQueue& queue, std::vector<ModelInput> inputs) {
    queued_ += inputs.size();
    auto answer = std::async(std::launch::async, [&queue, inputs = std::move(inputs)]() mutable {
      return queue.embed(std::move(inputs), /*sparse=*/false);
    });
    const std::string wanted = fmt::format("te_queue_size {}\n", queued_);
    while (metrics_.text({}).find(wanted) == std::string::npos) std::this_thread::yield();
    return answer;
  }

  std::shared_ptr<const ModelDirectory> model_;
  std::unique_ptr<Embedder> engine_;
  Gate gate_;
  ServerMetrics metrics_;
  size_t queued_ = 0;
};

TEST_F(EmbedQueueTest, RequestsShareBatchesAndTakeTurns) {
  const auto tokens = static_cast<int64_t>(queries(100, 1).front().ids.size());
  EmbedQueue queue(gate_, 4 * tokens, metrics_);
  auto first = ask(queue, queries(100, 1));
  gate_.entered.get_future().wait();
  auto large = ask(queue, queries(200, 10));
  auto small = ask(queue, queries(300, 2));
  gate_.open.set_value();
  EXPECT_EQ(first.get().dense.values, engine_->embed(queries(100, 1)).values);
  EXPECT_EQ(small.get().dense.values, engine_->embed(queries(300, 2)).values);
  EXPECT_EQ(large.get().dense.values, engine_->embed(queries(200, 10)).values);
  EXPECT_THAT(gate_.batches, ::testing::ElementsAre(1, 4, 4, 4));
}

TEST_F(EmbedQueueTest, AnErrorEndsItsOwnRequestAlone) {
  EmbedQueue queue(gate_, 1 << 20, metrics_);
  auto first = ask(queue, queries(1, 1));
  gate_.entered.get_future().wait();
  auto good = ask(queue, queries(2, 3));
  std::vector<ModelInput> inputs = queries(5, 3);
  inputs[1].ids[0] = model_->tokenizer().vocab_size() + 1'000'000;
  auto bad = ask(queue, inputs);
  gate_.open.set_value();
  first.get();
  EXPECT_EQ(good.get().dense.values, engine_->embed(queries(2, 3)).values);
  EXPECT_THROW(bad.get(), Error);
  EXPECT_EQ(queue.embed(queries(5, 1), false).dense.values, engine_->embed(queries(5, 1)).values);
  EXPECT_NE(metrics_.text({}).find("te_queue_size 0\n"), std::string::npos);
}

TEST_F(EmbedQueueTest, NothingIsAnsweredWithNothing) {
  EmbedQueue queue(*engine_, 100, metrics_);
  EXPECT_EQ(queue.embed({}, false).dense.rows, 0);
}

}  // namespace
}  // namespace recto
