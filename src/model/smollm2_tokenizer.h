#pragma once
// The SmolLM2 tokenizer that is linked into the library, and what the presets make of it.

#include <string>

#include "base/json.h"

namespace recto {

/// tokenizer.json of SmolLM2 with the added tokens of SmolVLM-256M and -500M, 49,280 ids
/// (models/tokenizer/smollm2.json.gz).
Json smollm2_tokenizer();

/// The same with the added tokens of SmolVLM-Instruct 2.2B v1: <fake_token_around_image> 49152,
/// <image> 49153, <end_of_utterance> 49154; the markers of rows and columns are ordinary text.
Json smollm2_v1_tokenizer();

/// The first `vocab_size` - 40 entries, which are a complete BPE because merges stand in the order
/// of their ids, and after them SmolVLM's 40 tokens: <global-img>, <row_r_col_c> for r, c in 1..6,
/// <fake_token_around_image>, <image>, <end_of_utterance>.
Json truncated_smollm2_tokenizer(int vocab_size);

/// Those 40 tokens.
inline constexpr int kSmolVlmTokenCount = 40;

/// Takes the added tokens with an id of `limit` or above out of tokenizer.json.
void keep_added_tokens(Json& tokenizer, int limit);

/// Puts SmolVLM's 40 tokens with ids from `first_id` on in place of the added tokens that have
/// them.
void add_smolvlm_tokens(Json& tokenizer, int first_id);

}  // namespace recto
