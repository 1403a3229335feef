#pragma once
// What a model is asked for a page: the prompt, the JSON schema of the answer, the request.

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "curate/document.h"
#include "curate/endpoint_settings.h"

namespace recto {

/// The kinds of query a page is asked for, in their order.
inline constexpr std::array<const char*, 4> kEndpointKinds = {"main", "secondary", "visual",
                                                              "semantic"};

/// The prompt that is used unless --prompt names another (src/curate/prompts/queries.txt).
const std::string& default_prompt();

/// A prompt file as EndpointSettings::prompt: valid UTF-8, at most 64 KiB, not empty, with none but
/// the placeholders of fill_prompt. Throws Error(kUsage) naming the file and what is wrong with it.
std::string read_prompt(const std::filesystem::path& file);

/// `prompt` with its placeholders filled in, in one pass: {language} the page's language ("unknown"
/// when it is), {title} the document's title, {text} the page's text, at most 4,000 characters.
/// {{word}} stands for {word}. Throws Error(kUsage) for another {word}.
std::string fill_prompt(std::string_view prompt, const CuratedDocument& document,
                        const CuratedPage& page);

/// JSON schema of an answer: an object of the texts language, main, secondary, visual, semantic.
Json answer_schema();

/// The picture that is sent.
struct EndpointImage {
  std::string jpeg;
  int width = 0;
  int height = 0;
};

/// `jpeg` itself, or scaled down so that its longest side is `settings.longest_edge`.
EndpointImage endpoint_image(std::string jpeg, const EndpointSettings& settings);

/// Body of a chat completion request. `note` is added to the prompt when it is not empty: what was
/// wrong with the last answer.
std::string chat_request(const EndpointSettings& settings, const std::string& prompt,
                         const EndpointImage& image, const std::string& note);

/// About as many tokens as the request's text and picture have: a token for 4 bytes of text and
/// one for 28 x 28 pixels, as the Qwen models count them.
int64_t estimated_tokens(const std::string& prompt, const EndpointImage& image);

}  // namespace recto
