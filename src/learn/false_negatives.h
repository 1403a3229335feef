#pragma once
// Which documents of a batch are known not to be negatives of its queries.

#include "learn/contrastive_batch.h"
#include "learn/torch.h"
#include "learn/training_data.h"

namespace recto {

struct MaskRules {
  bool same_document = false;
  bool translations = false;
};

/// Whether `b` is at the same place as `a` of a document that may be its translation: of the same
/// family, of another known language, and with pages numbered along the longer of the two within
/// one page, or 5 % of its pages, of each other. The dataset knows families, not which page is the
/// translation of which.
bool may_be_translation(const TrainingData::Page& a, const TrainingData::Page& b);

/// Whether a query that page `a` answers may be answered by another page `b` too: one of its
/// near-duplicate group (which pages that several sources have share), and by `rules` one of its
/// document or a translation.
bool is_akin(const TrainingData::Page& a, const TrainingData::Page& b, const MaskRules& rules);

/// [pairs, pairs + negatives], true where a document is no negative of a query: its own page again,
/// another page that answers it, a page akin to one of these, and the page of another pair with the
/// same query (data/query_text.h). The own positive is never masked.
torch::Tensor false_negative_mask(const TrainingData& data, const ContrastiveBatch& batch,
                                  const MaskRules& rules = {});

}  // namespace recto
