#include "cli/options.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>

#include "base/log.h"

namespace recto {
namespace {

// CLI11 reads "{}" as an empty list and marks it so; here it is a text like any other.
std::vector<std::string> plain_texts(const CLI::results_t& results) {
  std::vector<std::string> texts = results;
  if (texts.size() == 2 && texts[0] == "{}" && texts[1] == "%%") texts.pop_back();
  return texts;
}

template <typename Text>
CLI::Option* add_text(CLI::App& app, const std::string& name, Text& value,
                      const std::string& description, const char* group) {
  return app
      .add_option(
          "--" + name,
          [&value](const CLI::results_t& results) {
            value = plain_texts(results).back();
            return true;
          },
          description)
      ->envname(environment_name(name))
      ->group(group)
      ->type_name("TEXT");
}

void add_adapter_option(CLI::App& app, std::string& adapter) {
  add_setting(app, "adapter", adapter, "PEFT adapter directory, merged into the model", kModelGroup)
      ->type_name("DIR");
}

void add_precision_option(CLI::App& app, std::string& precision) {
  add_setting(app, "precision", precision, "Precision of the arithmetic", kModelGroup)
      ->type_name("fp32")
      ->check(CLI::Validator(
          [](std::string& value) {
            if (value == "fp32") return std::string();
            return "\"" + value + "\" is not available; fp32 is the only precision yet";
          },
          ""));
}

std::string seed_problem(const std::string& text) {
  uint64_t seed = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seed);
  if (error == std::errc() && stop == end) return {};
  return fmt::format("\"{}\" is no seed; integers from 0 to {} are", text,
                     std::numeric_limits<uint64_t>::max());
}

}  // namespace

std::string environment_name(const std::string& option) {
  std::string name = "RECTO_" + option;
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return c == '-' ? '_' : static_cast<char>(std::toupper(c));
  });
  return name;
}

CLI::Option* add_setting(CLI::App& app, const std::string& name, std::string& value,
                         const std::string& description, const char* group) {
  return add_text(app, name, value, description, group)->default_str(value);
}

CLI::Option* add_setting(CLI::App& app, const std::string& name, std::optional<std::string>& value,
                         const std::string& description, const char* group) {
  return add_text(app, name, value, description, group);
}

CLI::Option* add_setting(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                         const std::string& description, const char* group) {
  return app
      .add_option(
          "--" + name,
          [&values](const CLI::results_t& results) {
            values = plain_texts(results);
            return true;
          },
          description + " (can be repeated)")
      ->envname(environment_name(name))
      ->group(group)
      ->type_name("TEXT")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->expected(1, CLI::detail::expected_max_vector_size)
      ->allow_extra_args(false);
}

CLI::Option* add_setting(CLI::App& app, const std::string& name, bool& value,
                         const std::string& description, const char* group) {
  return app.add_flag("--" + name, value, description)
      ->envname(environment_name(name))
      ->group(group)
      ->check(switch_check());
}

CLI::Option* add_paths(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                       const std::string& description) {
  return app
      .add_option(
          name,
          [&values](const CLI::results_t& results) {
            values = plain_texts(results);
            return true;
          },
          description)
      ->type_name("PATH")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->expected(1, CLI::detail::expected_max_vector_size)
      ->allow_extra_args()
      ->required()
      ->configurable(false);
}

void add_dataset_argument(CLI::App& app, std::string& directory) {
  app.add_option("DIR", directory, "Directory of the dataset")->required()->configurable(false);
}

std::filesystem::path model_or_shipped(const std::string& model) {
  if (!model.empty()) return model;
  std::filesystem::path shipped = shipped_model(kNanoRetriever);
  log_info("no model is named: {} is used", shipped.string());
  return shipped;
}

ContractOverrides ModelOptions::overrides() const {
  ContractOverrides overrides;
  overrides.longest_edge = longest_edge;
  overrides.second_edge = second_edge;
  if (!image_splitting.empty()) overrides.image_splitting = image_splitting == "on";
  if (!position_ids.empty()) {
    overrides.position_ids = parse_position_ids(position_ids, "--position-ids");
  }
  if (!resample_order.empty()) {
    overrides.resample_order = parse_resample_order(resample_order, "--resample-order");
  }
  return overrides;
}

std::shared_ptr<const ModelDirectory> ModelOptions::open() const {
  return ModelDirectory::open(model_or_shipped(model), overrides(), adapter);
}

void add_second_edge_option(CLI::App& app, std::optional<int>& edge, const char* otherwise) {
  add_setting(app, "second-edge", edge,
              fmt::format("Longest side of a page in pixels for a second set of tiles, 0 for none "
                          "({})",
                          otherwise),
              kModelGroup)
      ->type_name("PIXELS")
      ->check(CLI::Range(0, 4096).description(""));
}

void add_model_options(CLI::App& app, ModelOptions& options, const char* without) {
  add_setting(app, "model", options.model,
              fmt::format("Model directory: a Hugging Face checkpoint, or what train wrote "
                          "(default: {})",
                          without),
              kModelGroup)
      ->type_name("DIR");
  add_adapter_option(app, options.adapter);
  add_setting(app, "longest-edge", options.longest_edge,
              "Longest side of a page in pixels before it is cut into tiles (default: the model's)",
              kModelGroup)
      ->type_name("PIXELS")
      ->check(CLI::Range(1, 4096).description(""));
  add_second_edge_option(app, options.second_edge, "default: the model's");
  add_setting(app, "image-splitting", options.image_splitting,
              "Whether a page is cut into tiles (default: the model's)", kModelGroup)
      ->type_name("on|off")
      ->check(CLI::IsMember({"on", "off"}).description(""));
  add_setting(app, "position-ids", options.position_ids,
              "Position ids of the vision tower (default: the contract's)", kModelGroup)
      ->type_name("identity|hf-4.55-fp32")
      ->check(CLI::IsMember({"identity", "hf-4.55-fp32"}).description(""));
  add_setting(app, "resample-order", options.resample_order,
              "Order of the two passes of resizing (default: the contract's)", kModelGroup)
      ->type_name("horizontal_first|pillow13")
      ->check(CLI::IsMember({"horizontal_first", "pillow13"}).description(""));
  add_precision_option(app, options.precision);
}

void add_index_model_options(CLI::App& app, std::string& model, std::string& adapter,
                             const std::string& without) {
  add_setting(app, "model", model, fmt::format("Model directory (default: {})", without),
              kModelGroup)
      ->type_name("DIR");
  add_adapter_option(app, adapter);
}

void add_dimensions_option(CLI::App& app, std::optional<int>& dimensions) {
  add_setting(app, "dimensions", dimensions,
              "Length of the vectors, one the contract declares (default: the full length)",
              kModelGroup)
      ->type_name("N");
}

void add_threads_option(CLI::App& app, int& threads) {
  add_setting(app, "threads", threads, "Threads of the model; 0 is one for each core", kSpeedGroup)
      ->type_name("N")
      ->check(CLI::Range(0, 1024).description(""));
}

void add_batch_option(CLI::App& app, int64_t& batch_tokens) {
  add_setting(app, "batch-tokens", batch_tokens,
              "Most tokens in one pass of the model; more takes more memory", kSpeedGroup)
      ->type_name("N")
      ->check(CLI::Range(1, 1 << 24).description(""));
}

void add_keep_going_option(CLI::App& app, bool& keep_going) {
  add_setting(app, "keep-going", keep_going,
              "Report and skip a bad input; the exit status is 1 in the end", kInputGroup);
}

void add_run_options(CLI::App& app, RunOptions& options) {
  add_threads_option(app, options.threads);
  add_batch_option(app, options.batch_tokens);
  add_keep_going_option(app, options.keep_going);
}

CLI::Option* add_output_option(CLI::App& app, std::string& output, const std::string& description) {
  return add_setting(app, "output", output, description, kOutputGroup)->required();
}

void add_json_option(CLI::App& app, bool& json) {
  add_setting(app, "json", json, "Print the result as JSON", kOutputGroup);
}

void add_seed_option(CLI::App& app, uint64_t& seed) {
  add_setting(app, "seed", seed, "Seed of everything random", kGeneralGroup)
      ->type_name("N")
      ->check(CLI::Validator([](std::string& value) { return seed_problem(value); }, ""));
}

}  // namespace recto
