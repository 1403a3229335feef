#include "model/added_tokens.h"

#include <algorithm>

#include "base/utf8.h"
#include "model/unicode_class.h"

namespace recto {
namespace {

constexpr size_t kMaxLength = 1024;

bool is_class(std::string_view text, size_t position, uint8_t classes) {
  return (unicode_class(decode_utf8(text, position)) & classes) != 0;
}

// Start of the character that ends at `end` > 0.
size_t character_before(std::string_view text, size_t end) {
  size_t begin = end - 1;
  while (begin > 0 && (static_cast<uint8_t>(text[begin]) & 0xC0) == 0x80) --begin;
  return begin;
}

bool stands_alone(std::string_view text, size_t begin, size_t end) {
  const bool word_before = begin > 0 && is_class(text, character_before(text, begin), kWord);
  return !word_before && !(end < text.size() && is_class(text, end, kWord));
}

size_t skip_space_back(std::string_view text, size_t begin) {
  while (begin > 0) {
    const size_t before = character_before(text, begin);
    if (!is_class(text, before, kSpace)) break;
    begin = before;
  }
  return begin;
}

size_t skip_space(std::string_view text, size_t end) {
  while (end < text.size() && is_class(text, end, kSpace)) decode_utf8(text, end);
  return end;
}

AddedToken parse_token(const Json& json, const std::string& where) {
  AddedToken token;
  token.content = json_required<std::string>(json, "content", where);
  token.id = json_required<int>(json, "id", where);
  token.special = json_optional(json, "special", where, false);
  token.normalized = json_optional(json, "normalized", where, !token.special);
  token.single_word = json_optional(json, "single_word", where, false);
  token.lstrip = json_optional(json, "lstrip", where, false);
  token.rstrip = json_optional(json, "rstrip", where, false);
  if (token.content.empty() || token.content.size() > kMaxLength) {
    fail(ErrorCode::kBadInput, "{}.content: {} bytes, wanted are 1 to {}", where,
         token.content.size(), kMaxLength);
  }
  return token;
}

}  // namespace

AddedTokens AddedTokens::parse(const Json& json, const Find& find_in_vocabulary,
                               int32_t vocabulary_size, const std::string& where) {
  AddedTokens added;
  if (json.is_null()) return added;
  if (!json.is_array()) fail(ErrorCode::kBadInput, "{}: a list is wanted", where);
  int32_t next = vocabulary_size;
  for (size_t i = 0; i < json.size(); ++i) {
    const std::string place = fmt::format("{}[{}]", where, i);
    AddedToken token = parse_token(json[i], place);
    const std::optional<int32_t> known = find_in_vocabulary(token.content);
    const int32_t wanted = known ? *known : next++;
    if (token.id != wanted) {
      fail(ErrorCode::kBadInput, "{}: \"{}\" has the id {}, but {} is {}", place, token.content,
           token.id, known ? "its id in the vocabulary" : "the next free id", wanted);
    }
    if (!added.by_id_.emplace(token.id, i).second) {
      fail(ErrorCode::kBadInput, "{}: \"{}\" (id {}) stands twice", place, token.content, token.id);
    }
    added.id_limit_ = std::max(added.id_limit_, token.id + 1);
    added.tokens_.push_back(std::move(token));
  }
  added.index();
  for (size_t i = 0; i < added.tokens_.size(); ++i) {
    if (added.find(added.tokens_[i].content) != &added.tokens_[i]) {
      fail(ErrorCode::kBadInput, "{}[{}]: \"{}\" stands twice", where, i, added.tokens_[i].content);
    }
  }
  return added;
}

void AddedTokens::index() {
  for (size_t i = 0; i < tokens_.size(); ++i) {
    const std::string& content = tokens_[i].content;
    Pass& pass = tokens_[i].normalized ? normalized_ : as_written_;
    pass.by_content.emplace(content, i);
    pass.lengths[static_cast<uint8_t>(content[0])].push_back(content.size());
  }
  for (Pass* pass : {&as_written_, &normalized_}) {
    for (std::vector<size_t>& lengths : pass->lengths) {
      std::sort(lengths.begin(), lengths.end(), std::greater<>());
      lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
    }
  }
}

const AddedToken* AddedTokens::find(int32_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &tokens_[found->second];
}

const AddedToken* AddedTokens::find(std::string_view content) const {
  for (const Pass* pass : {&as_written_, &normalized_}) {
    const auto found = pass->by_content.find(content);
    if (found != pass->by_content.end()) return &tokens_[found->second];
  }
  return nullptr;
}

const AddedToken* AddedTokens::longest_at(const Pass& pass, std::string_view text, size_t position,
                                          Range ordinary) const {
  for (const size_t length : pass.lengths[static_cast<uint8_t>(text[position])]) {
    const size_t end = position + length;
    const bool forged = position < ordinary.end && end > ordinary.begin;
    if (end > text.size() || forged) continue;
    const auto found = pass.by_content.find(text.substr(position, length));
    if (found != pass.by_content.end()) return &tokens_[found->second];
  }
  return nullptr;
}

void AddedTokens::split_part(const Pass& pass, std::string_view whole, Range part, Range ordinary,
                             std::vector<TextPart>& parts) const {
  // Word and space checks see this part only, as Hugging Face's second pass does.
  const std::string_view text = whole.substr(0, part.end);
  size_t done = part.begin;
  for (size_t position = part.begin; position < part.end;) {
    const AddedToken* token = longest_at(pass, text, position, ordinary);
    if (token == nullptr) {
      ++position;
      continue;
    }
    size_t begin = position;
    size_t end = position + token->content.size();
    position = end;
    const std::string_view visible = text.substr(part.begin);
    if (token->single_word && !stands_alone(visible, begin - part.begin, end - part.begin)) {
      continue;
    }
    if (token->lstrip) begin = part.begin + skip_space_back(visible, begin - part.begin);
    if (token->rstrip) end = skip_space(text, end);
    begin = std::max(begin, done);
    if (done < begin) parts.push_back({done, begin, -1});
    parts.push_back({begin, end, token->id});
    done = std::max(done, end);
  }
  if (done < part.end) parts.push_back({done, part.end, -1});
}

std::vector<TextPart> AddedTokens::split(std::string_view text, size_t ordinary_begin,
                                         size_t ordinary_end) const {
  const Range ordinary{ordinary_begin, ordinary_end};
  std::vector<TextPart> first;
  split_part(as_written_, text, {0, text.size()}, ordinary, first);
  if (normalized_.by_content.empty()) return first;
  std::vector<TextPart> parts;
  for (const TextPart& part : first) {
    if (part.id >= 0) {
      parts.push_back(part);
    } else {
      split_part(normalized_, text, {part.begin, part.end}, ordinary, parts);
    }
  }
  return parts;
}

}  // namespace recto
