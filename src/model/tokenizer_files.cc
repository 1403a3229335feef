#include "model/tokenizer_files.h"

#include <string>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{64} << 20;

// SmolVLM's own template; see expand_image_token() and render_chat().
constexpr const char* kChatTemplate =
    "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}"
    "{% if message['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}"
    "{% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}"
    "{% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n"
    "{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}";

Json special_tokens() {
  return {
      {"additional_special_tokens", {"<fake_token_around_image>", "<image>", "<end_of_utterance>"}},
      {"bos_token", "<|im_start|>"},
      {"eos_token", "<end_of_utterance>"},
      {"pad_token", "<|im_end|>"},
      {"unk_token", "<|endoftext|>"}};
}

void set_classes(Json& json) {
  json["tokenizer_class"] = "PreTrainedTokenizerFast";
  json["processor_class"] = "Idefics3Processor";
}

Json tokenizer_config() {
  Json json = special_tokens();
  json["add_prefix_space"] = false;
  json["clean_up_tokenization_spaces"] = false;
  json["model_max_length"] = 8192;
  json["truncation_side"] = "left";
  set_classes(json);
  return json;
}

void write_chat_template(const fs::path& directory, const std::string& text) {
  write_file(directory / "chat_template.jinja", text);
  write_file(directory / "chat_template.json", pretty_json({{"chat_template", text}}));
}

std::string read_chat_template(const fs::path& from) {
  const fs::path jinja = from / "chat_template.jinja";
  if (fs::exists(jinja)) return read_file(jinja, kMaxFileBytes);
  for (const char* name : {"chat_template.json", "tokenizer_config.json"}) {
    const fs::path path = from / name;
    if (!fs::exists(path)) continue;
    const Json json = read_json(path, kMaxFileBytes);
    if (json.is_object() && json.contains("chat_template") && json["chat_template"].is_string()) {
      return json["chat_template"].get<std::string>();
    }
  }
  return kChatTemplate;
}

}  // namespace

void write_tokenizer_files(const fs::path& directory) {
  write_file(directory / "tokenizer_config.json", pretty_json(tokenizer_config()));
  write_file(directory / "special_tokens_map.json", pretty_json(special_tokens()));
  write_chat_template(directory, kChatTemplate);
}

void copy_tokenizer_files(const fs::path& from, const fs::path& to) {
  write_file(to / "tokenizer.json", read_file(from / "tokenizer.json", kMaxFileBytes));
  const fs::path config_path = from / "tokenizer_config.json";
  Json config = fs::exists(config_path) ? read_json(config_path, kMaxFileBytes) : Json();
  if (!config.is_object()) config = tokenizer_config();
  set_classes(config);
  config.erase("chat_template");  // it has files of its own
  write_file(to / "tokenizer_config.json", pretty_json(config));
  const fs::path map_path = from / "special_tokens_map.json";
  write_file(to / "special_tokens_map.json", fs::exists(map_path)
                                                 ? read_file(map_path, kMaxFileBytes)
                                                 : pretty_json(special_tokens()));
  write_chat_template(to, read_chat_template(from));
}

}  // namespace recto
