#pragma once
// The batches of train/ in the golden files, and their loss (tests only).

#include "learn/learn_golden_support.h"
#include "learn/losses.h"

namespace recto::test {

/// A section of train/: the model, its batch, and what is expected.
struct Training {
  GoldenModel golden;
  std::filesystem::path folder;
  Json cases;
  std::vector<ModelInput> queries, positives, negatives;

  explicit Training(const std::string& name)
      : golden(name), folder(goldens() / "train" / name), cases(read_json(folder / "cases.json")) {
    for (const Json& query : cases["queries"]) queries.push_back(text_input(query["ids"]));
    for (const Json& page : cases["pages"]) {
      (page["side"] == "p" ? positives : negatives).push_back(input_of(folder, page));
    }
  }

  torch::Tensor loss(RetrieverModel& model) const {
    LossInput input;
    input.queries = vectors_of(model, queries);
    input.positives = vectors_of(model, positives);
    input.negatives = vectors_of(model, negatives);
    input.negative_rows = torch::arange(input.negatives.size(0));
    input.temperature = cases["tau"];
    return loss_value(LossKind::kInfoNce, input);
  }
};

/// Whether the set has every page that train/NAME/cases.json names.
inline bool has_pages(const std::filesystem::path& folder, GoldenSections& sections) {
  const Json cases = read_json(folder / "cases.json");
  for (const Json& page : cases.at("pages")) {
    if (!sections.has(folder / page.at("file").get<std::string>())) return false;
  }
  return true;
}

/// The sections of train/ that have the file `needed`, their model and their pages.
inline std::vector<Training> trainings(const std::string& needed, GoldenSections& sections) {
  std::vector<Training> all;
  for (const std::string& name : golden_folders("train", sections)) {
    const std::filesystem::path folder = goldens() / "train" / name;
    if (sections.has(folder / needed) && has_pages(folder, sections)) all.emplace_back(name);
  }
  return all;
}

}  // namespace recto::test
