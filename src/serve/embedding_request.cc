#include "serve/embedding_request.h"

#include <utility>

#include "base/base64.h"
#include "base/error.h"
#include "serve/http_message.h"

namespace recto {
namespace {

/// What a text is. kUnsaid: a query where it is alone, a document's where a picture is with it.
enum class InputType { kUnsaid, kQuery, kDocument };

constexpr size_t kMaxShown = 60;

const Json* find(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

void check_object(const Json& body) {
  if (!body.is_object()) internal::json_type_error(body, "the request", "an object");
}

void check_count(size_t count, const std::string& where, const RequestLimits& limits) {
  if (count == 0) fail(ErrorCode::kBadInput, "{}: is empty; send at least one input", where);
  if (count > limits.items) {
    fail(ErrorCode::kLimit, "{}: has {} inputs, but at most {} are accepted in a request", where,
         count, limits.items);
  }
}

std::string text_of(const Json& value, const std::string& where) {
  if (value.is_number()) {
    fail(ErrorCode::kBadInput,
         "{}: token ids are not accepted, since tokenizers differ; send the texts (in LangChain: "
         "check_embedding_ctx_length=False)",
         where);
  }
  std::string text;
  internal::json_read(value, where, text);
  return text;
}

/// A text and a picture, at most one of each.
struct Parts {
  std::optional<std::string> text;
  std::optional<std::string> image;
};

EmbedItem item_of(Parts parts, InputType type, const std::string& where,
                  const RequestLimits& limits) {
  EmbedItem item;
  item.where = where;
  if (parts.text) check_text(*parts.text, where, limits);
  if (!parts.text && !parts.image)
    fail(ErrorCode::kBadInput, "{}: has no text and no image", where);
  if (parts.image) item.image_bytes = std::move(*parts.image);
  if (!parts.text) return item;
  const bool has_image = parts.image.has_value();
  const bool is_query = type == InputType::kQuery || (type == InputType::kUnsaid && !has_image);
  (is_query ? item.query : has_image ? item.text : item.passage) = std::move(*parts.text);
  return item;
}

std::string image_of_part(const Json& part, const std::string& where, const RequestLimits& limits) {
  const Json* image = find(part, "image_url");
  if (image == nullptr) fail(ErrorCode::kBadInput, "{}: the key \"image_url\" is missing", where);
  const std::string url = image->is_string() ? image->get<std::string>()
                                             : json_required<std::string>(*image, "url", where);
  return image_of_url(url, where, limits);
}

void take_part(const Json& part, const std::string& where, const RequestLimits& limits,
               Parts& parts) {
  const auto type = json_required<std::string>(part, "type", where);
  const bool is_text = type == "text" || type == "input_text";
  if (!is_text && type != "image_url") {
    fail(ErrorCode::kBadInput, "{}: type \"{}\"; text or image_url", where,
         type.substr(0, kMaxShown));
  }
  auto& place = is_text ? parts.text : parts.image;
  if (place) {
    fail(ErrorCode::kBadInput, "{}: a second {}; an input has one picture and one text at most",
         where, is_text ? "text" : "image");
  }
  place = is_text ? json_required<std::string>(part, "text", where)
                  : image_of_part(part, where, limits);
}

/// A text or a list of parts.
Parts parts_of(const Json& content, const std::string& where, const RequestLimits& limits) {
  Parts parts;
  if (content.is_string()) {
    parts.text = content.get<std::string>();
    return parts;
  }
  if (!content.is_array()) internal::json_type_error(content, where, "a text or a list of parts");
  for (size_t i = 0; i < content.size(); ++i) {
    take_part(content[i], fmt::format("{}[{}]", where, i), limits, parts);
  }
  return parts;
}

EmbedItem item_of_content(const Json& object, InputType type, const std::string& where,
                          const RequestLimits& limits) {
  const Json* content = find(object, "content");
  if (content == nullptr) fail(ErrorCode::kBadInput, "{}: the key \"content\" is missing", where);
  return item_of(parts_of(*content, where + ".content", limits), type, where, limits);
}

EmbedItem item_of_input(const Json& input, InputType type, const std::string& where,
                        const RequestLimits& limits) {
  if (input.is_object()) return item_of_content(input, type, where, limits);
  const bool has_ids = input.is_array() && !input.empty() && input[0].is_number();
  return item_of({text_of(has_ids ? input[0] : input, where), {}}, type, where, limits);
}

/// One input, or a list of them.
std::vector<EmbedItem> items_of(const Json& inputs, InputType type, const std::string& where,
                                const RequestLimits& limits) {
  std::vector<EmbedItem> items;
  if (!inputs.is_array()) {
    items.push_back(item_of_input(inputs, type, where, limits));
    return items;
  }
  check_count(inputs.size(), where, limits);
  items.reserve(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    items.push_back(item_of_input(inputs[i], type, fmt::format("{}[{}]", where, i), limits));
  }
  return items;
}

EmbedItem item_of_messages(const Json& messages, InputType type, const RequestLimits& limits) {
  if (!messages.is_array() || messages.size() != 1 || !messages[0].is_object() ||
      json_optional<std::string>(messages[0], "role", "messages[0]", "user") != "user") {
    fail(ErrorCode::kBadInput,
         "messages: one message of the role \"user\" is wanted; send several inputs as \"input\"");
  }
  return item_of_content(messages[0], type, "messages[0]", limits);
}

[[noreturn]] void fail_value(const char* field, const std::string& value, const char* wanted) {
  fail(ErrorCode::kBadInput, "{}: \"{}\" is no value of it; {}", field, value.substr(0, kMaxShown),
       wanted);
}

InputType openai_type(const Json& body) {
  const auto type = json_optional<std::string>(body, "input_type", "the request", "");
  if (type.empty()) return InputType::kUnsaid;
  if (type == "query") return InputType::kQuery;
  if (type == "document" || type == "passage") return InputType::kDocument;
  fail_value("input_type", type, "query or document");
}

InputType cohere_type(const Json& body) {
  const auto type = json_optional<std::string>(body, "input_type", "the request", "");
  if (type == "search_query") return InputType::kQuery;
  if (type.empty() || type == "search_document" || type == "classification" ||
      type == "clustering" || type == "image") {
    return InputType::kDocument;
  }
  fail_value("input_type", type,
             "search_query, search_document, classification, clustering or image");
}

InputType tei_type(const Json& body) {
  const auto name = json_optional<std::string>(body, "prompt_name", "the request", "query");
  if (name == "query") return InputType::kQuery;
  if (name == "document" || name == "passage") return InputType::kDocument;
  fail_value("prompt_name", name, "query or document");
}

std::optional<int> dimensions_of(const Json& body, const char* key) {
  if (find(body, key) == nullptr) return std::nullopt;
  return json_required<int>(body, key, "the request");
}

EmbedItem item_of_image(const Json& url, const std::string& where, const RequestLimits& limits) {
  EmbedItem item;
  item.where = where;
  item.image_bytes = image_of_url(text_of(url, where), where, limits);
  return item;
}

/// The one of the keys that is there.
std::string only_key(const Json& body, std::initializer_list<const char*> keys,
                     const char* wanted) {
  std::string found;
  int count = 0;
  for (const char* key : keys) {
    if (find(body, key) == nullptr) continue;
    found = key;
    ++count;
  }
  if (count != 1)
    fail(ErrorCode::kBadInput, "exactly one of {} is wanted; found {}", wanted, count);
  return found;
}

std::vector<EmbedItem> cohere_items(const Json& body, const RequestLimits& limits) {
  const std::string key =
      only_key(body, {"texts", "images", "inputs"}, "\"texts\", \"images\" and \"inputs\"");
  const Json& list = body.at(key);
  if (!list.is_array()) internal::json_type_error(list, key, "a list");
  const InputType type = cohere_type(body);
  if (key != "images") return items_of(list, type, key, limits);
  check_count(list.size(), key, limits);
  std::vector<EmbedItem> items;
  items.reserve(list.size());
  for (size_t i = 0; i < list.size(); ++i) {
    items.push_back(item_of_image(list[i], fmt::format("images[{}]", i), limits));
  }
  return items;
}

}  // namespace

std::string image_of_url(const std::string& url, const std::string& where,
                         const RequestLimits& limits) {
  constexpr std::string_view kScheme = "data:";
  constexpr std::string_view kBase64 = ";base64,";
  if (!is_same_word(std::string_view(url).substr(0, kScheme.size()), kScheme)) {
    fail(ErrorCode::kBadInput,
         "{}: \"{}\" is no data: URL; this server fetches nothing, so send the image itself as "
         "\"data:image/png;base64,...\"",
         where, url.substr(0, kMaxShown));
  }
  const size_t comma = url.find(',');
  const size_t mark = url.find(kBase64);
  if (comma == std::string::npos || mark == std::string::npos ||
      mark + kBase64.size() - 1 != comma) {
    fail(ErrorCode::kBadInput, "{}: a data: URL in base64 is wanted, \"data:image/png;base64,...\"",
         where);
  }
  const std::string_view digits = std::string_view(url).substr(comma + 1);
  if (digits.size() / 4 * 3 > limits.image_bytes + 2) {
    fail(ErrorCode::kLimit, "{}: the image has {} bytes, but at most {} are accepted", where,
         digits.size() / 4 * 3, limits.image_bytes);
  }
  auto bytes = base64_bytes(digits);
  if (!bytes) fail(ErrorCode::kBadInput, "{}: the image is no base64 with its padding", where);
  if (bytes->empty()) fail(ErrorCode::kBadInput, "{}: the image is empty", where);
  return std::move(*bytes);
}

Json parse_body(const std::string& body, const RequestLimits& limits) {
  return parse_json(body, "the request", limits.values);
}

void check_text(const std::string& text, const std::string& where, const RequestLimits& limits) {
  if (text.size() <= limits.text_bytes) return;
  fail(ErrorCode::kLimit, "{}: the text has {} bytes, but at most {} are accepted", where,
       text.size(), limits.text_bytes);
}

EmbeddingRequest parse_openai_request(const Json& body, const RequestLimits& limits) {
  check_object(body);
  EmbeddingRequest request;
  const InputType type = openai_type(body);
  if (only_key(body, {"input", "messages"}, "\"input\" and \"messages\"") == "input") {
    request.items = items_of(body.at("input"), type, "input", limits);
  } else {
    request.items.push_back(item_of_messages(body.at("messages"), type, limits));
  }
  request.model = json_optional<std::string>(body, "model", "the request", "");
  request.dimensions = dimensions_of(body, "dimensions");
  request.cut_long_texts = json_optional<bool>(body, "truncate", "the request", false);
  const auto format = json_optional<std::string>(body, "encoding_format", "the request", "float");
  if (format != "float" && format != "base64")
    fail_value("encoding_format", format, "float or base64");
  request.encodings = {parse_vector_encoding(format, "encoding_format")};
  return request;
}

EmbeddingRequest parse_cohere_request(const Json& body, const RequestLimits& limits) {
  check_object(body);
  EmbeddingRequest request;
  request.items = cohere_items(body, limits);
  request.model = json_optional<std::string>(body, "model", "the request", "");
  request.dimensions = dimensions_of(body, "output_dimension");
  const auto truncate = json_optional<std::string>(body, "truncate", "the request", "END");
  if (truncate != "END" && truncate != "NONE") {
    fail_value("truncate", truncate, "END or NONE (texts are cut at their end)");
  }
  request.cut_long_texts = truncate == "END";
  const auto types =
      json_optional<std::vector<std::string>>(body, "embedding_types", "the request", {"float"});
  request.encodings.clear();
  for (const std::string& type : types) {
    request.encodings.push_back(parse_vector_encoding(type, "embedding_types"));
  }
  if (types.empty()) fail(ErrorCode::kBadInput, "embedding_types: is empty; name at least one");
  return request;
}

EmbeddingRequest parse_tei_request(const Json& body, const RequestLimits& limits) {
  check_object(body);
  EmbeddingRequest request;
  const Json* inputs = find(body, "inputs");
  if (inputs == nullptr) fail(ErrorCode::kBadInput, "the request: the key \"inputs\" is missing");
  request.items = items_of(*inputs, tei_type(body), "inputs", limits);
  request.dimensions = dimensions_of(body, "dimensions");
  request.cut_long_texts = json_optional<bool>(body, "truncate", "the request", false);
  const auto direction =
      json_optional<std::string>(body, "truncation_direction", "the request", "Right");
  if (direction != "Right" && direction != "right") {
    fail_value("truncation_direction", direction, "Right (texts are cut at their end)");
  }
  if (!json_optional<bool>(body, "normalize", "the request", true)) {
    fail(ErrorCode::kBadInput,
         "normalize: vectors are as the model's contract has them; leave it out");
  }
  return request;
}

}  // namespace recto
