#include "curate/endpoint_answer.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "base/json.h"
#include "base/utf8.h"
#include "curate/endpoint_prompt.h"

namespace recto {
namespace {

constexpr size_t kMaxQueryCharacters = 300;
constexpr size_t kMaxExcerptCharacters = 300;
constexpr int64_t kMaxTokens = 1'000'000'000;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// The member, or null when `object` is none or has none of that name.
const Json& member(const Json& object, const char* name) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

/// A message's content: a text, or a list of parts whose texts are joined.
std::optional<std::string> content_of(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  if (!content.is_array()) return std::nullopt;
  std::string text;
  for (const Json& part : content) text += text_of(member(part, "text"));
  return text;
}

int64_t tokens_of(const Json& value) {
  if (!value.is_number_integer()) return -1;
  const double count = value.get<double>();
  return count >= 0 && count <= kMaxTokens ? value.get<int64_t>() : -1;
}

std::string_view without_reasoning(std::string_view text) {
  constexpr std::string_view kEnd = "</think>";
  if (!text.starts_with("<think>")) return text;
  const size_t end = text.find(kEnd);
  return end == std::string_view::npos ? text : trim(text.substr(end + kEnd.size()));
}

/// What stands between ``` and ```, when the text is one code block.
std::string_view without_fence(std::string_view text) {
  constexpr std::string_view kFence = "```";
  if (!text.starts_with(kFence) || !text.ends_with(kFence)) return text;
  const size_t line = text.find('\n');
  if (line == std::string_view::npos || line + kFence.size() >= text.size()) return text;
  return trim(text.substr(line + 1, text.size() - kFence.size() - line - 1));
}

bool is_line_break(char32_t c) {
  return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}
bool is_blank(char32_t c) {
  return c == ' ' || c == '\t' || c == 0xA0 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}
/// Also what turns the direction of the text that follows.
bool is_control(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069);
}

/// Why a character cannot stand in a query, or null.
const char* refusal(char32_t c) {
  if (is_line_break(c)) return "has more than one line";
  return is_control(c) && !is_blank(c) ? "holds control characters" : nullptr;
}

/// `text` with its white space folded to single spaces. Nothing when it is no query; `problem` then
/// says why.
std::optional<std::string> folded_query(std::string_view text, std::string& problem) {
  std::string out;
  bool space = false;
  size_t characters = 0;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = decode_utf8(text, at);
    if (const char* why = refusal(c)) {
      problem = why;
      return std::nullopt;
    }
    if (is_blank(c)) {
      space = !out.empty();
      continue;
    }
    characters += space ? 2 : 1;
    if (characters > kMaxQueryCharacters) {
      problem = fmt::format("is longer than {} characters", kMaxQueryCharacters);
      return std::nullopt;
    }
    if (space) out += ' ';
    space = false;
    append_utf8(out, c);
  }
  return out;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_letter_or_digit(char c) { return is_letter(c) || (c >= '0' && c <= '9'); }

/// One part of a language tag as BCP 47 writes it (zh, Hant, BR), or "" for what is none.
std::string subtag(std::string_view part, bool first) {
  const bool known_size =
      first ? part.size() >= 2 && part.size() <= 3 : !part.empty() && part.size() <= 8;
  const auto allowed = first ? is_letter : is_letter_or_digit;
  if (!known_size || !std::all_of(part.begin(), part.end(), allowed)) return {};
  std::string out(part);
  for (size_t i = 0; i < out.size(); ++i) {
    const bool upper = !first && (out.size() == 2 || (out.size() == 4 && i == 0));
    out[i] = static_cast<char>(upper ? std::toupper(out[i]) : std::tolower(out[i]));
  }
  return out;
}

/// A well-formed language tag in its usual case, or "" for what is none.
std::string language_tag(std::string_view text) {
  constexpr size_t kLongestTag = 35;
  text = trim(text);
  if (text.size() > kLongestTag) return {};
  std::string tag;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find_first_of("-_", at), text.size());
    const std::string part = subtag(text.substr(at, end - at), at == 0);
    if (part.empty()) return {};
    if (at > 0) tag += '-';
    tag += part;
    at = end + 1;
  }
  return tag;
}

/// The message of an error body; nothing for another body, such as a proxy's page.
std::optional<std::string> error_message(std::string_view body) {
  Json json;
  try {
    json = parse_json(body, "the answer");
  } catch (const Error&) {
    return std::nullopt;
  }
  const Json& error = member(json, "error");
  for (const Json* value :
       {&member(error, "message"), &error, &member(json, "message"), &member(json, "detail")}) {
    if (value->is_string()) return value->get<std::string>();
  }
  return std::nullopt;
}

/// Why `answer` does not follow the schema, or "".
std::string schema_problem(const Json& answer) {
  if (!answer.is_object()) return "it was not a JSON object";
  const Json schema = answer_schema();
  for (const Json& name : schema.at("required")) {
    const Json& value = member(answer, name.get_ref<const std::string&>().c_str());
    if (!answer.contains(name)) return fmt::format("{} was missing", dump_json(name));
    if (!value.is_string()) return fmt::format("{} was not a text", dump_json(name));
  }
  if (answer.size() > schema.at("required").size()) {
    return "it had members that were not asked for";
  }
  return {};
}

}  // namespace

std::optional<ChatCompletion> parse_completion(std::string_view body, std::string& problem) {
  Json json;
  try {
    json = parse_json(body, "the answer");
  } catch (const Error&) {
    problem = "an answer that is not JSON";
    return std::nullopt;
  }
  const Json& choices = member(json, "choices");
  const bool has_choice = choices.is_array() && !choices.empty();
  const Json choice = has_choice ? choices.front() : Json();
  const Json& message = member(choice, "message");
  ChatCompletion out;
  out.finish_reason = text_of(member(choice, "finish_reason"));
  out.refused =
      !text_of(member(message, "refusal")).empty() || out.finish_reason == "content_filter";
  out.prompt_tokens = tokens_of(member(member(json, "usage"), "prompt_tokens"));
  out.completion_tokens = tokens_of(member(member(json, "usage"), "completion_tokens"));
  const std::optional<std::string> content = content_of(member(message, "content"));
  if (!message.is_object() || (!content && !member(message, "content").is_null())) {
    problem = "an answer that is not a chat completion";
    return std::nullopt;
  }
  out.content = content.value_or("");
  return out;
}

std::string error_excerpt(std::string_view body) {
  const std::string text = error_message(body).value_or(std::string(body.substr(0, 64 << 10)));
  std::string out;
  bool space = false;
  size_t characters = 0;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = decode_utf8(text, at);
    if (c <= 0x20 || (c >= 0x7F && c <= 0xA0)) {
      space = !out.empty();
      continue;
    }
    if (++characters > kMaxExcerptCharacters) return out + "...";
    if (space) out += ' ';
    space = false;
    append_utf8(out, c);
  }
  return out;
}

std::optional<PageQueries> parse_answer(const ChatCompletion& completion, std::string& problem) {
  const auto wrong = [&](std::string why) {
    problem = std::move(why);
    return std::nullopt;
  };
  if (completion.refused) return wrong("the model refused to answer");
  if (completion.finish_reason == "length") return wrong("it was cut off at the limit of tokens");
  const std::string_view text = without_fence(without_reasoning(trim(completion.content)));
  if (text.empty()) return wrong("it was empty");
  Json answer;
  try {
    answer = parse_json(text, "the answer");
  } catch (const Error&) {
    return wrong("it was not valid JSON");
  }
  if (std::string why = schema_problem(answer); !why.empty()) return wrong(std::move(why));
  PageQueries out;
  out.language = language_tag(answer.at("language").get_ref<const std::string&>());
  if (out.language.empty()) return wrong("\"language\" was not a BCP 47 code such as en or pt-BR");
  for (const char* kind : kEndpointKinds) {
    std::string why;
    const std::string_view text_of_kind = trim(answer.at(kind).get_ref<const std::string&>());
    std::optional<std::string> query = folded_query(text_of_kind, why);
    if (!query) return wrong(fmt::format("\"{}\" {}", kind, why));
    out.queries[kind] = std::move(*query);
  }
  return out;
}

}  // namespace recto
