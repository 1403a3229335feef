#include "model/contract.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/sha256.h"

namespace recto {
namespace {

constexpr int kFormatVersion = 1;
constexpr int kMaxQueryTokens = 1 << 20;
constexpr int kMaxSide = 1 << 16;
constexpr int kMaxSaturation = 1 << 10;
constexpr int kMaxGain = 1 << 10;
constexpr int kMaxCandidates = 1 << 20;
constexpr int kMaxTopN = 1 << 20;
// Of the sparse output there is one kind so far, and one place it looks at.
constexpr const char* kSparseKind = "vocabulary_softmax";
constexpr const char* kSparseTap = "connector";

template <typename Value, size_t n>
using Names = std::array<std::pair<Value, const char*>, n>;

constexpr Names<Pooling, 3> kPoolings = {
    {{Pooling::kLast, "last"}, {Pooling::kMean, "mean"}, {Pooling::kVocabulary, "vocabulary"}}};
constexpr Names<PositionIds, 2> kPositionIds = {
    {{PositionIds::kIdentity, "identity"}, {PositionIds::kHf455Fp32, "hf-4.55-fp32"}}};
constexpr Names<ResampleOrder, 2> kOrders = {{{ResampleOrder::kHorizontalFirst, "horizontal_first"},
                                              {ResampleOrder::kPillow13, "pillow13"}}};
constexpr Names<Filter, 4> kFilters = {{{Filter::kLanczos, "lanczos"},
                                        {Filter::kBicubic, "bicubic"},
                                        {Filter::kBilinear, "bilinear"},
                                        {Filter::kBox, "box"}}};
constexpr Names<bool, 2> kAttentions = {{{true, "causal"}, {false, "bidirectional"}}};

template <typename Value, size_t n>
const char* name_of(const Names<Value, n>& names, Value value) {
  for (const auto& [known, name] : names) {
    if (known == value) return name;
  }
  RECTO_CHECK(false && "a value without a name");
  return "";
}

template <typename Value, size_t n>
Value value_of(const Names<Value, n>& names, const std::string& name, const std::string& where) {
  std::string wanted;
  for (const auto& [value, known] : names) {
    if (name == known) return value;
    wanted += fmt::format("{}\"{}\"", wanted.empty() ? "" : ", ", known);
  }
  fail(ErrorCode::kBadInput, "{}: \"{}\" is unknown; wanted is one of {}", where, name, wanted);
}

// Reads the fields of one object and knows which have not been asked for.
class FieldReader {
 public:
  FieldReader(const Json& json, const std::string& where) : json_(json), where_(where) {
    if (!json.is_object()) internal::json_type_error(json, where, "an object");
    for (const auto& item : json.items()) unread_.push_back(item.key());
  }

  template <typename T>
  T read(const char* key) {
    std::erase(unread_, key);
    return json_required<T>(json_, key, where_);
  }

  const Json& read_json(const char* key) {
    std::erase(unread_, key);
    if (!json_.contains(key)) {
      fail(ErrorCode::kBadInput, "{}: the key \"{}\" is missing", where_, key);
    }
    return json_[key];
  }

  std::string read_text_if_there(const char* key) {
    return json_.contains(key) ? read<std::string>(key) : std::string();
  }

  int read_between_if_there(const char* key, int least, int most, int otherwise) {
    return json_.contains(key) ? read_between(key, least, most) : otherwise;
  }

  int read_between(const char* key, int least, int most) {
    const int value = read<int>(key);
    if (value < least || value > most) {
      fail(ErrorCode::kBadInput, "{}: {} is wanted from {} to {}", place(key), value, least, most);
    }
    return value;
  }

  template <typename Value, size_t n>
  Value read_name(const char* key, const Names<Value, n>& names) {
    return value_of(names, read<std::string>(key), place(key));
  }

  void finish() const {
    if (unread_.empty()) return;
    fail(ErrorCode::kBadInput, "{}: the field \"{}\" is unknown to this version of recto", where_,
         unread_.front());
  }

  std::string place(const char* key) const { return where_ + ": " + key; }

 private:
  const Json& json_;
  const std::string& where_;
  std::vector<std::string> unread_;
};

int occurrences(const std::string& text, const std::string& wanted) {
  int count = 0;
  for (size_t at = text.find(wanted); at != std::string::npos;
       at = text.find(wanted, at + wanted.size())) {
    ++count;
  }
  return count;
}

void check_prompt(const std::string& prompt, const std::vector<std::string>& placeholders,
                  const std::string& where) {
  for (const char* known : {"<image>", "{query}", "{text}"}) {
    const bool wanted =
        std::find(placeholders.begin(), placeholders.end(), known) != placeholders.end();
    const int found = occurrences(prompt, known);
    if (found != (wanted ? 1 : 0)) {
      fail(ErrorCode::kBadInput, "{}: {} is wanted {}, but stands in it {} times", where, known,
           wanted ? "once" : "nowhere", found);
    }
  }
}

void check_dimensions(const std::vector<int>& dimensions, const std::string& where) {
  if (dimensions.empty()) fail(ErrorCode::kBadInput, "{}: at least one is wanted", where);
  for (size_t i = 0; i < dimensions.size(); ++i) {
    if (dimensions[i] < 1) {
      fail(ErrorCode::kBadInput, "{}: {} is wanted positive", where, dimensions[i]);
    }
    if (i > 0 && dimensions[i] >= dimensions[i - 1]) {
      fail(ErrorCode::kBadInput, "{}: {} after {}; they are wanted strictly descending", where,
           dimensions[i], dimensions[i - 1]);
    }
  }
}

void check_weights_hash(const std::string& hash, const std::string& where) {
  const bool hexadecimal = hash.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hash.empty() && (hash.size() != 64 || !hexadecimal)) {
    fail(ErrorCode::kBadInput, "{}: 64 lower-case hexadecimal digits are wanted, found \"{}\"",
         where, hash);
  }
}

void check_adapter(const std::string& name, const std::string& where) {
  if (name.find('/') == std::string::npos && name != "." && name != "..") return;
  fail(ErrorCode::kBadInput, "{}: the name of a folder in this directory is wanted, found \"{}\"",
       where, name);
}

// Whether they have a sparse one.
bool read_outputs(const std::vector<std::string>& outputs, const std::string& where) {
  if (outputs == std::vector<std::string>{"dense"}) return false;
  if (outputs == std::vector<std::string>{"dense", "sparse"}) return true;
  fail(ErrorCode::kUnsupported,
       "{}: {} is not supported; wanted is [\"dense\"] or [\"dense\", \"sparse\"]", where,
       Json(outputs).dump());
}

void check_only_value(const std::string& found, const char* known, const std::string& where) {
  if (found == known) return;
  fail(ErrorCode::kUnsupported, "{}: \"{}\" is not supported; wanted is \"{}\"", where, found,
       known);
}

void check_format_version(int version, const std::string& where) {
  if (version == kFormatVersion) return;
  fail(ErrorCode::kUnsupported, "{}: version {} is not supported; this recto reads version {}",
       where, version, kFormatVersion);
}

void read_prompts(FieldReader& fields, Contract& contract) {
  struct Prompt {
    const char* key;
    std::string Contract::* member;
    std::vector<std::string> placeholders;
  };
  const Prompt prompts[] = {
      {"document_prompt", &Contract::document_prompt, {"<image>"}},
      {"document_text_prompt", &Contract::document_text_prompt, {"<image>", "{text}"}},
      {"query_prompt", &Contract::query_prompt, {"{query}"}},
      {"query_image_prompt", &Contract::query_image_prompt, {"<image>", "{query}"}},
      {"passage_prompt", &Contract::passage_prompt, {"{text}"}},
  };
  for (const Prompt& prompt : prompts) {
    std::string& text = contract.*prompt.member;
    text = fields.read<std::string>(prompt.key);
    check_prompt(text, prompt.placeholders, fields.place(prompt.key));
    if (contract.pooling == Pooling::kLast && !text.ends_with(contract.terminal_token)) {
      fail(ErrorCode::kBadInput,
           "{}: with pooling \"last\" it is wanted to end with the terminal token {}",
           fields.place(prompt.key), contract.terminal_token);
    }
  }
}

void read_views(FieldReader& fields, ViewSettings& views) {
  views.longest_edge = fields.read_between("longest_edge", 1, kMaxSide);
  views.tile = fields.read_between("tile", 1, kMaxSide);
  views.image_splitting = fields.read<bool>("image_splitting");
  views.second_edge = fields.read_between_if_there("second_edge", 1, kMaxSide, 0);
  if (views.second_edge > 0 && !views.image_splitting) {
    fail(ErrorCode::kBadInput, "{}: a second edge is wanted only with \"image_splitting\" true",
         fields.place("second_edge"));
  }
  if (views.second_edge == views.longest_edge) {
    fail(ErrorCode::kBadInput,
         "{}: {} is the longest edge as well, which would give the same tiles twice",
         fields.place("second_edge"), views.second_edge);
  }
  views.resample = fields.read_name("resample", kFilters);
  views.resample_order = fields.read_name("resample_order", kOrders);
}

SparseOutput read_sparse(const Json& json, const std::string& where) {
  FieldReader fields(json, where);
  SparseOutput sparse;
  check_only_value(fields.read<std::string>("kind"), kSparseKind, fields.place("kind"));
  check_only_value(fields.read<std::string>("tap"), kSparseTap, fields.place("tap"));
  sparse.saturation = fields.read_between("saturation", 1, kMaxSaturation);
  sparse.gain = fields.read_between_if_there("gain", 1, kMaxGain, sparse.gain);
  sparse.candidates =
      fields.read_between_if_there("candidates", 1, kMaxCandidates, sparse.candidates);
  sparse.top_n = fields.read_between("top_n", 1, kMaxTopN);
  sparse.weights_sha256 = fields.read<std::string>("weights_sha256");
  check_weights_hash(sparse.weights_sha256, fields.place("weights_sha256"));
  fields.finish();
  return sparse;
}

Json sparse_json(const SparseOutput& sparse) {
  Json json = {{"kind", kSparseKind},
               {"tap", kSparseTap},
               {"saturation", sparse.saturation},
               {"top_n", sparse.top_n},
               {"weights_sha256", sparse.weights_sha256}};
  if (sparse.gain != 1) json["gain"] = sparse.gain;
  if (sparse.candidates != 0) json["candidates"] = sparse.candidates;
  return json;
}

}  // namespace

Contract Contract::default_for(const ViewSettings& views, int width) {
  const std::string user = "<|im_start|>User:";
  const std::string end = "<end_of_utterance>";
  const std::string answer = end + "\nAssistant:" + end;
  Contract contract;
  contract.document_prompt = user + "<image>What is shown in this image?" + answer;
  contract.document_text_prompt = user + "<image>What is shown in this image? {text}" + answer;
  contract.query_prompt = user + " Query: {query}" + end;
  contract.query_image_prompt = user + "<image> Query: {query}" + end;
  contract.passage_prompt = user + " Passage: {text}" + end;
  contract.terminal_token = end;
  contract.dimensions = {width};
  contract.views = views;
  return contract;
}

Contract Contract::from_json(const Json& json, const std::string& where) {
  FieldReader fields(json, where);
  Contract contract;
  contract.format_version = fields.read<int>("format_version");
  check_format_version(contract.format_version, fields.place("format_version"));
  contract.base_model = fields.read<std::string>("base_model");
  contract.weights_sha256 = fields.read<std::string>("weights_sha256");
  check_weights_hash(contract.weights_sha256, fields.place("weights_sha256"));
  contract.terminal_token = fields.read<std::string>("terminal_token");
  if (contract.terminal_token.empty()) {
    fail(ErrorCode::kBadInput, "{}: a token is wanted", fields.place("terminal_token"));
  }
  contract.pooling = fields.read_name("pooling", kPoolings);
  read_prompts(fields, contract);
  contract.max_query_tokens = fields.read_between("max_query_tokens", 2, kMaxQueryTokens);
  if (read_outputs(fields.read<std::vector<std::string>>("outputs"), fields.place("outputs"))) {
    contract.sparse = read_sparse(fields.read_json("sparse"), fields.place("sparse"));
  } else if (contract.pooling == Pooling::kVocabulary) {
    fail(ErrorCode::kBadInput, "{}: \"vocabulary\" is wanted with a sparse output only",
         fields.place("pooling"));
  }
  contract.causal = fields.read_name("attention", kAttentions);
  contract.dimensions = fields.read<std::vector<int>>("dimensions");
  check_dimensions(contract.dimensions, fields.place("dimensions"));
  contract.normalize = fields.read<bool>("normalize");
  read_views(fields, contract.views);
  contract.position_ids = fields.read_name("position_ids", kPositionIds);
  contract.adapter = fields.read_text_if_there("adapter");
  check_adapter(contract.adapter, fields.place("adapter"));
  fields.finish();
  return contract;
}

Json Contract::to_json() const {
  Json json = {{"format_version", format_version},
               {"base_model", base_model},
               {"weights_sha256", weights_sha256},
               {"document_prompt", document_prompt},
               {"document_text_prompt", document_text_prompt},
               {"query_prompt", query_prompt},
               {"query_image_prompt", query_image_prompt},
               {"passage_prompt", passage_prompt},
               {"terminal_token", terminal_token},
               {"max_query_tokens", max_query_tokens},
               {"pooling", pooling_name(pooling)},
               {"outputs", sparse ? Json::array({"dense", "sparse"}) : Json::array({"dense"})},
               {"attention", name_of(kAttentions, causal)},
               {"dimensions", dimensions},
               {"normalize", normalize},
               {"longest_edge", views.longest_edge},
               {"tile", views.tile},
               {"image_splitting", views.image_splitting},
               {"resample", name_of(kFilters, views.resample)},
               {"resample_order", resample_order_name(views.resample_order)},
               {"position_ids", position_ids_name(position_ids)}};
  if (views.second_edge > 0) json["second_edge"] = views.second_edge;
  if (sparse) json["sparse"] = sparse_json(*sparse);
  if (!adapter.empty()) json["adapter"] = adapter;
  return json;
}

std::string Contract::hash() const { return sha256_hex(canonical_json(to_json())); }

const char* pooling_name(Pooling pooling) { return name_of(kPoolings, pooling); }
const char* position_ids_name(PositionIds ids) { return name_of(kPositionIds, ids); }
const char* resample_order_name(ResampleOrder order) { return name_of(kOrders, order); }

Pooling parse_pooling(const std::string& name, const std::string& where) {
  return value_of(kPoolings, name, where);
}
PositionIds parse_position_ids(const std::string& name, const std::string& where) {
  return value_of(kPositionIds, name, where);
}
ResampleOrder parse_resample_order(const std::string& name, const std::string& where) {
  return value_of(kOrders, name, where);
}

}  // namespace recto
