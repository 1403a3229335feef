#include "engine/inspection.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "model/safetensors.h"
#include "page/reader.h"

namespace recto {
namespace {

// The file an image item names, and the item as the template wants it.
std::filesystem::path take_image_path(Json& item, const std::filesystem::path& directory,
                                      const std::string& where) {
  for (const char* key : {"path", "image", "url"}) {
    const auto found = item.find(key);
    if (found == item.end() || !found->is_string()) continue;
    const auto name = found->get<std::string>();
    if (name.rfind("http://", 0) == 0 || name.rfind("https://", 0) == 0 ||
        name.rfind("data:", 0) == 0) {
      fail(ErrorCode::kUnsupported,
           "{}: \"{}\" is \"{}\", but recto opens no network connection; name a file", where, key,
           name.substr(0, 80));
    }
    item = {{"type", "image"}};
    return directory / name;
  }
  fail(ErrorCode::kBadInput,
       "{}: the image names no file; wanted {{\"type\": \"image\", \"path\": \"FILE\"}}", where);
}

Image read_named_image(const std::filesystem::path& file, const std::string& where) {
  try {
    return read_image(file);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", where, error.what()));
  }
}

std::vector<Image> take_images(Json& messages, const std::filesystem::path& directory,
                               const std::string& where) {
  std::vector<Image> images;
  if (!messages.is_array()) return images;  // render_chat says what is wrong with it
  for (size_t m = 0; m < messages.size(); ++m) {
    if (!messages[m].is_object() || !messages[m].contains("content")) continue;
    Json& content = messages[m]["content"];
    if (!content.is_array()) continue;
    for (size_t i = 0; i < content.size(); ++i) {
      Json& item = content[i];
      if (!item.is_object() || item.value("type", Json()) != "image") continue;
      const std::string place = fmt::format("{}: message {}, item {}", where, m + 1, i + 1);
      images.push_back(read_named_image(take_image_path(item, directory, place), place));
    }
  }
  return images;
}

void add_pixels(SafetensorsWriter& writer, const ModelInput& input) {
  const int tile = input.images.front().tile;
  const size_t view_values = size_t{3} * tile * tile;
  std::vector<float> pixels(static_cast<size_t>(input.view_count()) * view_values);
  size_t done = 0;
  for (const Views& views : input.images) {
    normalize_views(views, 0, views.count(), pixels.data() + done * view_values);
    done += static_cast<size_t>(views.count());
  }
  writer.add("pixel_values", {input.view_count(), 3, tile, tile}, std::span<const float>(pixels));
}

void add_grid(SafetensorsWriter& writer, const ModelInput& input) {
  const bool two_edges = std::any_of(input.images.begin(), input.images.end(),
                                     [](const Views& views) { return views.second_views() > 0; });
  std::vector<int32_t> grid;
  for (const Views& views : input.images) {
    grid.insert(grid.end(), {views.rows, views.columns});
    if (two_edges) grid.insert(grid.end(), {views.second_rows, views.second_columns});
  }
  if (grid.empty()) grid = {0, 0};
  std::vector<int64_t> shape = {two_edges ? 4 : 2};
  if (input.images.size() > 1) shape.insert(shape.begin(), std::ssize(input.images));
  writer.add("grid", shape, std::span<const int32_t>(grid));
}

}  // namespace

ModelInput chat_input(const ModelDirectory& model, const Json& messages, bool add_generation_prompt,
                      const std::filesystem::path& directory, const std::string& where) {
  Json plain = messages;
  const std::vector<Image> images = take_images(plain, directory, where);
  return model.inputs().raw(render_chat(plain, add_generation_prompt, where), images);
}

void write_inspection(const ModelDirectory& model, const ModelInput& input, Embedder* embedder,
                      const std::filesystem::path& file) {
  SafetensorsWriter writer;
  writer.add("input_ids", {static_cast<int64_t>(input.ids.size())},
             std::span<const int32_t>(input.ids));
  if (!input.images.empty()) add_pixels(writer, input);
  add_grid(writer, input);
  if (embedder != nullptr) {
    embedder->inspect(input,
                      [&](const std::string& name, const std::vector<int64_t>& shape,
                          std::span<const float> values) { writer.add(name, shape, values); });
  }
  writer.set_metadata("contract", model.contract().hash());
  writer.write(file);
}

}  // namespace recto
