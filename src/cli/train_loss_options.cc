#include "cli/options.h"
#include "cli/train_options.h"

namespace recto {
namespace {

void add_losses(CLI::App& app, TrainSettings& s) {
  add_setting(app, "loss", s.loss,
              "Loss, or a weighted sum of losses: infonce, symmetric, binegative, distill_cosine, "
              "distill_kl, distill_margin_mse; with --objective reading: characters, tokens, bag, "
              "transcription",
              kLossGroup)
      ->type_name("NAME[:WEIGHT],...")
      ->default_str("infonce");
  add_setting(app, "temperature", s.temperature, "What similarities are divided by", kLossGroup)
      ->type_name("T");
  add_setting(app, "learn-temperature", s.learn_temperature,
              "Train the temperature too, from --temperature on, between 0.005 and 1", kLossGroup);
  add_setting(app, "dimension-weights", s.dimension_weights,
              "Weights of the losses over each of --dimensions (default: 1 each)", kLossGroup)
      ->type_name("W,W,...")
      ->delimiter(',');
}

void add_masks(CLI::App& app, TrainSettings& s) {
  add_setting(app, "mask-same-document", s.mask_same_document,
              "Pages of the document that answers a query are no negatives of it", kLossGroup);
  add_setting(app, "mask-translations", s.mask_translations,
              "Nor are pages at the same place of a document of its family in another language",
              kLossGroup);
  add_setting(app, "guide", s.guide,
              "Table of vectors of queries and pages by another model (outputs of embed); what it "
              "finds as good as the answer is no negative",
              kLossGroup)
      ->type_name("FILE");
  add_setting(
      app, "guide-margin", s.guide_margin,
      "How much less good a page may be to the guide and still be no negative; needs --guide",
      kLossGroup)
      ->type_name("M");
  add_setting(app, "guide-margin-type", s.guide_margin_type,
              "Above own - M, or above own * (1 - M); needs --guide", kLossGroup)
      ->type_name("absolute|relative")
      ->check(CLI::IsMember({"absolute", "relative"}).description(""));
}

void add_teacher(CLI::App& app, TrainSettings& s) {
  add_setting(app, "teacher", s.teacher,
              "Table that the distill losses learn from: vectors by id (outputs of embed, of any "
              "model), or scores with columns query_id, page_id and score",
              kLossGroup)
      ->type_name("FILE");
  add_setting(app, "teacher-temperature", s.teacher_temperature,
              "What the teacher's scores are divided by; needs distill_kl in --loss", kLossGroup)
      ->type_name("T");
}

void add_sparse(CLI::App& app, TrainSettings& s) {
  add_setting(app, "sparse-weight", s.sparse_weight,
              "Train the sparse output too (weights of a page over the vocabulary, searched by a "
              "query's tokens): how much its loss counts beside --loss; 0: it stays as it is",
              kLossGroup)
      ->type_name("W");
  add_setting(app, "sparse-temperature", s.sparse_temperature,
              "What the scores of sparse vectors are divided by", kLossGroup)
      ->type_name("T");
  add_setting(app, "sparse-flops", s.sparse_flops,
              "Weight of the regulariser (FLOPS) that spreads a page's weights over fewer tokens, "
              "within the loss of the sparse output",
              kLossGroup)
      ->type_name("W");
  add_setting(app, "sparse-top-n", s.sparse_top_n,
              "Most weights of a page that are kept; the written model keeps it (default: the "
              "model's, or 512)",
              kLossGroup)
      ->type_name("N");
  add_setting(app, "sparse-gain", s.sparse_gain,
              "How much sooner a weight is large, ln(1 + N * count): 1 for how often a token is "
              "there, more for whether; the written model keeps it (default: the model's, or 1)",
              kLossGroup)
      ->type_name("N");
  add_setting(
      app, "sparse-candidates", s.sparse_candidates,
      "Most tokens that a visual token speaks for; the written model keeps it (default: the "
      "model's, or all)",
      kLossGroup)
      ->type_name("N");
}

}  // namespace

void add_train_loss_options(CLI::App& app, TrainSettings& settings) {
  add_losses(app, settings);
  add_masks(app, settings);
  add_teacher(app, settings);
  add_sparse(app, settings);
}

}  // namespace recto
