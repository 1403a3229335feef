// render_chat of model/input.h.
#include "base/error.h"
#include "model/input.h"

namespace recto {
namespace {

// Python's str.capitalize, for the ASCII names roles have.
std::string capitalized(const std::string& role, const std::string& where) {
  std::string name;
  for (const char c : role) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool upper = c >= 'A' && c <= 'Z';
    if (!lower && !upper && c != '_' && c != '-' && !(c >= '0' && c <= '9')) {
      fail(ErrorCode::kBadInput, "{}: role: \"{}\" is no role; wanted is user, assistant or system",
           where, role);
    }
    const bool first = name.empty();
    if (first && lower) {
      name += static_cast<char>(c - 'a' + 'A');
    } else {
      name += !first && upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  if (name.empty()) fail(ErrorCode::kBadInput, "{}: role: an empty text", where);
  return name;
}

std::string render_item(const Json& item, const std::string& where) {
  const auto type = json_required<std::string>(item, "type", where);
  if (type == "text") return json_required<std::string>(item, "text", where);
  if (type == "image") return "<image>";
  fail(ErrorCode::kUnsupported, "{}: type: \"{}\" is not supported; wanted is text or image", where,
       type);
}

std::string render_message(const Json& message, const std::string& where) {
  const std::string role = capitalized(json_required<std::string>(message, "role", where), where);
  const Json content = message.value("content", Json());
  if (content.is_string()) return role + ": " + content.get<std::string>();
  if (!content.is_array() || content.empty()) {
    fail(ErrorCode::kBadInput, "{}: content: a text or a list of texts and images is wanted",
         where);
  }
  std::string text;
  for (size_t i = 0; i < content.size(); ++i) {
    text += render_item(content[i], fmt::format("{}: content[{}]", where, i));
  }
  return role + (content[0].at("type") == "image" ? ":" : ": ") + text;
}

}  // namespace

std::string render_chat(const Json& messages, bool add_generation_prompt,
                        const std::string& where) {
  if (!messages.is_array() || messages.empty()) {
    fail(ErrorCode::kBadInput, "{}: a list of messages is wanted", where);
  }
  std::string text = "<|im_start|>";
  for (size_t i = 0; i < messages.size(); ++i) {
    text += render_message(messages[i], fmt::format("{}[{}]", where, i)) + "<end_of_utterance>\n";
  }
  return add_generation_prompt ? text + "Assistant:" : text;
}

}  // namespace recto
