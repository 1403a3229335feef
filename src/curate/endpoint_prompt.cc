#include "curate/endpoint_prompt.h"

#include <algorithm>
#include <cstring>

#include "base/base64.h"
#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"
#include "page/decode.h"
#include "page/encode.h"
#include "page/fit.h"

// The file's bytes, placed by the assembler; the path comes from CMakeLists.txt.
__asm__(
    ".section .rodata\n"
    ".global recto_prompt_begin\n"
    ".global recto_prompt_end\n"
    ".hidden recto_prompt_begin\n"
    ".hidden recto_prompt_end\n"
    "recto_prompt_begin:\n"
    ".incbin \"" RECTO_PROMPT_FILE
    "\"\n"
    "recto_prompt_end:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" __attribute__((visibility("hidden"))) const char recto_prompt_begin[];
extern "C" __attribute__((visibility("hidden"))) const char recto_prompt_end[];

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr uint64_t kMaxPromptBytes = 64 << 10;
constexpr size_t kMaxTextCharacters = 4000;
constexpr int kPixelsPerToken = 28 * 28;
constexpr int kBytesPerToken = 4;

std::string first_characters(const std::string& text, size_t count) {
  size_t at = 0;
  for (size_t i = 0; i < count && at < text.size(); ++i) decode_utf8(text, at);
  return text.substr(0, at);
}

std::string placeholder(std::string_view name, const CuratedDocument& document,
                        const CuratedPage& page) {
  if (name == "language") return page.language.empty() ? "unknown" : page.language;
  if (name == "title") {
    return document.source.title.empty() ? document.title : document.source.title;
  }
  if (name == "text") return first_characters(page.text, kMaxTextCharacters);
  fail(ErrorCode::kUsage,
       "the prompt has the placeholder {{{}}}; there are {{language}}, {{title}} and {{text}}, and "
       "{{{{word}}}} for a word in braces",
       name);
}

/// Length of "{word}" at `at`, or 0. A word is made of a-z and _.
size_t braced_word(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && ((text[end] >= 'a' && text[end] <= 'z') || text[end] == '_')) ++end;
  return end > at + 1 && end < text.size() && text[end] == '}' ? end + 1 - at : 0;
}

}  // namespace

const std::string& default_prompt() {
  static const std::string text(recto_prompt_begin, recto_prompt_end);
  return text;
}

std::string read_prompt(const fs::path& file) {
  std::string text = read_file(file, kMaxPromptBytes);
  if (!is_valid_utf8(text)) fail(ErrorCode::kUsage, "{} is not valid UTF-8", file.string());
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    fail(ErrorCode::kUsage, "{} is empty; start from share/recto/prompts/queries.txt",
         file.string());
  }
  try {
    fill_prompt(text, {}, {});
  } catch (const Error& error) {
    fail(ErrorCode::kUsage, "{}: {}", file.string(), error.what());
  }
  return text;
}

std::string fill_prompt(std::string_view prompt, const CuratedDocument& document,
                        const CuratedPage& page) {
  std::string out;
  for (size_t at = 0; at < prompt.size();) {
    const char c = prompt[at];
    const size_t word = c == '{' ? braced_word(prompt, at) : 0;
    const size_t quoted =
        c == '{' && prompt.substr(at, 2) == "{{" ? braced_word(prompt, at + 1) : 0;
    if (quoted > 0 && prompt.substr(at + 1 + quoted, 1) == "}") {
      out += prompt.substr(at + 1, quoted);
      at += quoted + 2;
    } else if (word > 0) {
      out += placeholder(prompt.substr(at + 1, word - 2), document, page);
      at += word;
    } else {
      out += c;
      ++at;
    }
  }
  return replace_invalid_utf8(out);
}

Json answer_schema() {
  Json properties = {{"language", {{"type", "string"}}}};
  Json required = {"language"};
  for (const char* kind : kEndpointKinds) {
    properties[kind] = {{"type", "string"}};
    required.push_back(kind);
  }
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

EndpointImage endpoint_image(std::string jpeg, const EndpointSettings& settings) {
  Image image = decode_image(as_bytes(jpeg), "the page's picture");
  if (std::max(image.width, image.height) <= settings.longest_edge) {
    return {std::move(jpeg), image.width, image.height};
  }
  const Image small = fit(std::move(image), settings.longest_edge);
  return {encode_jpeg(small, settings.jpeg_quality), small.width, small.height};
}

std::string chat_request(const EndpointSettings& settings, const std::string& prompt,
                         const EndpointImage& image, const std::string& note) {
  const std::string text = note.empty() ? prompt : prompt + "\n" + note + "\n";
  Json content = Json::array();
  content.push_back({{"type", "image_url"},
                     {"image_url", {{"url", "data:image/jpeg;base64," + base64(image.jpeg)}}}});
  content.push_back({{"type", "text"}, {"text", text}});
  Json body = {
      {"model", settings.model},
      {"messages", Json::array({{{"role", "user"}, {"content", std::move(content)}}})},
      {"temperature", settings.temperature},
      {"max_tokens", settings.max_tokens},
      {"response_format",
       {{"type", "json_schema"},
        {"json_schema", {{"name", "queries"}, {"strict", true}, {"schema", answer_schema()}}}}}};
  for (const auto& [name, value] : settings.parameters.items()) {
    if (value.is_null()) {
      body.erase(name);
    } else {
      body[name] = value;
    }
  }
  return dump_json(body);
}

int64_t estimated_tokens(const std::string& prompt, const EndpointImage& image) {
  const int64_t pixels = int64_t{image.width} * image.height;
  return static_cast<int64_t>(prompt.size()) / kBytesPerToken + pixels / kPixelsPerToken;
}

}  // namespace recto
