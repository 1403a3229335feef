#include "model/processor_config.h"

#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFlatFile = "preprocessor_config.json";
constexpr const char* kProcessorFile = "processor_config.json";
constexpr const char* kNestedKey = "image_processor";
constexpr uint64_t kMaxFileBytes = uint64_t{1} << 20;
constexpr int kMaxSide = 1 << 16;
constexpr double kRescale = 1.0 / 255.0;

// Pillow's numbers of the filters.
constexpr std::array<std::pair<int, Filter>, 4> kFilters = {
    {{1, Filter::kLanczos}, {2, Filter::kBilinear}, {3, Filter::kBicubic}, {4, Filter::kBox}}};

struct Source {
  Json settings;  ///< the image processor's object
  std::string where;
  Json processor;  ///< processor_config.json, or null
};

Json read_if_there(const fs::path& path) {
  return fs::exists(path) ? read_json(path, kMaxFileBytes) : Json();
}

Source find_source(const fs::path& directory) {
  const fs::path processor_path = directory / kProcessorFile;
  Json processor = read_if_there(processor_path);
  if (!processor.is_null() && !processor.is_object()) {
    fail(ErrorCode::kBadInput, "{}: it holds no object", processor_path.string());
  }
  if (processor.is_object() && processor.contains(kNestedKey) &&
      !processor.at(kNestedKey).is_null()) {
    return {processor.at(kNestedKey), processor_path.string() + ": " + kNestedKey, processor};
  }
  const fs::path flat_path = directory / kFlatFile;
  if (!fs::exists(flat_path)) {
    fail(ErrorCode::kNotFound,
         "{} has no {} and no {} with an image_processor in it; without the resolution the model "
         "was trained at, its vectors would be wrong. Fetch the model again",
         directory.string(), kFlatFile, kProcessorFile);
  }
  return {read_json(flat_path, kMaxFileBytes), flat_path.string(), processor};
}

void want_true(const Json& settings, const char* key, const std::string& where) {
  if (!json_optional<bool>(settings, key, where, true)) {
    fail(ErrorCode::kUnsupported, "{}: {} is false; recto always does this step", where, key);
  }
}

void want_half(const Json& settings, const char* key, const std::string& where) {
  const auto values =
      json_optional<std::vector<double>>(settings, key, where, std::vector<double>(3, 0.5));
  if (values != std::vector<double>(3, 0.5)) {
    fail(ErrorCode::kUnsupported, "{}: {} is not [0.5, 0.5, 0.5], the only one recto computes",
         where, key);
  }
}

void check_rescale(const Json& settings, const std::string& where) {
  const double factor = json_optional<double>(settings, "rescale_factor", where, kRescale);
  if (std::abs(factor - kRescale) > 1e-8) {
    fail(ErrorCode::kUnsupported,
         "{}: rescale_factor is {}, not 1/255, the only one recto computes", where, factor);
  }
}

void check_type(const Json& settings, const std::string& where) {
  const std::string type =
      json_optional<std::string>(settings, "image_processor_type", where, "Idefics3ImageProcessor");
  if (!type.starts_with("Idefics3ImageProcessor") && !type.starts_with("SmolVLMImageProcessor")) {
    fail(ErrorCode::kUnsupported,
         "{}: image_processor_type is \"{}\"; Idefics3ImageProcessor or SmolVLMImageProcessor is "
         "wanted",
         where, type);
  }
}

int longest_edge(const Json& settings, const char* key, const std::string& where) {
  const auto found = settings.find(key);
  const std::string place = where + ": " + key;
  if (found == settings.end()) fail(ErrorCode::kBadInput, "{} is missing", place);
  if (!found->is_object() || !found->contains("longest_edge")) {
    fail(ErrorCode::kUnsupported, "{} has no longest_edge; recto resizes by the longest edge only",
         place);
  }
  const int edge = json_required<int>(*found, "longest_edge", place);
  if (edge < 1 || edge > kMaxSide) {
    fail(ErrorCode::kBadInput, "{}: longest_edge is {}; a number from 1 to {} is wanted", place,
         edge, kMaxSide);
  }
  return edge;
}

Filter read_filter(const Json& settings, const std::string& where) {
  const int number = json_optional<int>(settings, "resample", where, 1);
  for (const auto& [known, filter] : kFilters) {
    if (number == known) return filter;
  }
  fail(ErrorCode::kUnsupported,
       "{}: resample is {}; 1 (Lanczos), 2 (bilinear), 3 (bicubic) or 4 (box) is wanted", where,
       number);
}

int filter_number(Filter filter) {
  for (const auto& [number, known] : kFilters) {
    if (filter == known) return number;
  }
  return 1;
}

ViewSettings read_views(const Json& settings, const std::string& where) {
  if (!settings.is_object()) fail(ErrorCode::kBadInput, "{}: it holds no object", where);
  check_type(settings, where);
  for (const char* key : {"do_resize", "do_rescale", "do_normalize"}) {
    want_true(settings, key, where);
  }
  want_half(settings, "image_mean", where);
  want_half(settings, "image_std", where);
  check_rescale(settings, where);
  ViewSettings views;
  views.longest_edge = longest_edge(settings, "size", where);
  views.tile = longest_edge(settings, "max_image_size", where);
  views.image_splitting = json_optional<bool>(settings, "do_image_splitting", where, true);
  views.resample = read_filter(settings, where);
  return views;
}

void check_against_model(const ProcessorConfig& processor, const ModelConfig& config,
                         const std::string& where) {
  if (processor.views.tile != config.vision.image_size) {
    fail(ErrorCode::kMismatch,
         "{}: max_image_size.longest_edge is {}, but the vision tower's image_size is {}", where,
         processor.views.tile, config.vision.image_size);
  }
  if (processor.image_seq_len != config.image_seq_len()) {
    fail(ErrorCode::kMismatch,
         "{}: image_seq_len is {}, but a tile of this model has {} visual tokens", where,
         processor.image_seq_len, config.image_seq_len());
  }
}

Json image_processor_json(const ViewSettings& views) {
  const std::vector<double> half(3, 0.5);
  return {{"image_processor_type", "Idefics3ImageProcessor"},
          {"do_convert_rgb", true},
          {"do_image_splitting", views.image_splitting},
          {"do_normalize", true},
          {"do_pad", true},
          {"do_rescale", true},
          {"do_resize", true},
          {"image_mean", half},
          {"image_std", half},
          {"max_image_size", {{"longest_edge", views.tile}}},
          {"resample", filter_number(views.resample)},
          {"rescale_factor", kRescale},
          {"size", {{"longest_edge", views.longest_edge}}}};
}

}  // namespace

bool has_processor_config(const fs::path& model_directory) {
  return fs::exists(model_directory / kFlatFile) || fs::exists(model_directory / kProcessorFile);
}

ProcessorConfig read_processor_config(const fs::path& model_directory, const ModelConfig& config) {
  const Source source = find_source(model_directory);
  ProcessorConfig processor;
  processor.views = read_views(source.settings, source.where);
  processor.image_seq_len = config.image_seq_len();
  if (source.processor.is_object()) {
    processor.image_seq_len =
        json_optional<int>(source.processor, "image_seq_len",
                           (model_directory / kProcessorFile).string(), processor.image_seq_len);
  }
  check_against_model(processor, config, model_directory.string());
  return processor;
}

void write_processor_config(const fs::path& model_directory, const ProcessorConfig& processor) {
  // SmolVLMProcessor cannot be loaded without torchvision; Idefics3Processor works for both types.
  constexpr const char* kClass = "Idefics3Processor";
  const Json nested = image_processor_json(processor.views);
  Json flat = nested;
  flat["processor_class"] = kClass;
  write_file(model_directory / kFlatFile, pretty_json(flat));
  write_file(model_directory / kProcessorFile,
             pretty_json({{kNestedKey, nested},
                          {"image_seq_len", processor.image_seq_len},
                          {"processor_class", kClass}}));
}

}  // namespace recto
