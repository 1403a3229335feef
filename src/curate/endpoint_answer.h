#pragma once
// What a model answered: the chat completion around it, and the answer held against the schema.
// Nothing here trusts the sender.

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace recto {

/// A chat completion.
struct ChatCompletion {
  std::string content;             ///< text of the first choice, valid UTF-8
  std::string finish_reason;       ///< "stop", "length", "content_filter", ... or ""
  bool refused = false;            ///< the model declines to answer
  int64_t prompt_tokens = -1;      ///< -1 when the server does not say
  int64_t completion_tokens = -1;  ///< -1 when the server does not say
};

/// Reads the body of a chat completion. Nothing when it is none; `problem` then says why.
std::optional<ChatCompletion> parse_completion(std::string_view body, std::string& problem);

/// The message of an error body such as {"error": {"message": ...}}, else the body's beginning: one
/// line of at most 300 characters, without control characters.
std::string error_excerpt(std::string_view body);

/// A page's queries as the model answered them.
struct PageQueries {
  std::string language;                        ///< a well-formed BCP 47 tag
  std::map<std::string, std::string> queries;  ///< by kind, all of kEndpointKinds; "" for none
};

/// Holds an answer against answer_schema() and more: texts of one line, at most 300 characters, no
/// control characters, a well-formed language. Reasoning in <think> and a code fence around the
/// JSON are taken off. Nothing when it is wrong; `problem` then says why in words of recto's own,
/// fit for a note to the model.
std::optional<PageQueries> parse_answer(const ChatCompletion& completion, std::string& problem);

}  // namespace recto
