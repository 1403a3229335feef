#include "curate/page_store.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/interrupt.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr size_t kOpenFiles = 8;
constexpr size_t kGroups = 8;

/// Row group and place in it of a row of a file.
std::pair<int, int64_t> place_of(const ParquetFile& file, int64_t row) {
  int group = 0;
  while (row >= file.group_rows(group)) row -= file.group_rows(group++);
  return {group, row};
}

/// Moves the item for which `is` holds to the front of the list and returns whether there is one.
template <typename T, typename Is>
bool to_front(std::list<T>& items, const Is& is) {
  const auto found = std::find_if(items.begin(), items.end(), is);
  if (found == items.end()) return false;
  items.splice(items.begin(), items, found);
  return true;
}

}  // namespace

PageStore::PageStore(std::vector<fs::path> files, std::vector<StoredPage> pages)
    : files_(std::move(files)), pages_(std::move(pages)) {}

PageStore::~PageStore() = default;

ParquetFile& PageStore::open(int32_t file) {
  if (!to_front(open_, [&](const auto& item) { return item.first == file; })) {
    open_.emplace_front(file, std::make_unique<ParquetFile>(files_[file]));
    if (open_.size() > kOpenFiles) open_.pop_back();
  }
  return *open_.front().second;
}

const PageStore::Group& PageStore::group(int32_t file, int number) {
  const auto is = [&](const Group& group) { return group.file == file && group.number == number; };
  if (to_front(groups_, is)) return groups_.front();
  Group made{file, number, {}};
  for (Row& row : open(file).read(number, {{"text", ColumnType::kString}})) {
    auto* text = std::get_if<std::string>(&row[0]);
    made.texts.push_back(text == nullptr ? std::string() : std::move(*text));
  }
  groups_.push_front(std::move(made));
  if (groups_.size() > kGroups) groups_.pop_back();
  return groups_.front();
}

std::string PageStore::text(int32_t page) {
  const StoredPage& stored = pages_[page];
  const auto [number, row] = place_of(open(stored.file), stored.row);
  return group(stored.file, number).texts[row];
}

std::string PageStore::image(int32_t page) {
  const StoredPage& stored = pages_[page];
  ParquetFile& file = open(stored.file);
  const auto [number, row] = place_of(file, stored.row);
  return file.image_bytes(number, row, "image");
}

void PageStore::for_each_text(
    const std::function<void(int32_t page, std::string_view text)>& visit) {
  for (int32_t page = 0; page < std::ssize(pages_); ++page) {
    if (page % 256 == 0) throw_if_interrupted();
    const StoredPage& stored = pages_[page];
    const auto [number, row] = place_of(open(stored.file), stored.row);
    visit(page, group(stored.file, number).texts[row]);
  }
}

void PageStore::for_each_image(
    int32_t first, const std::function<void(int32_t page, std::string&& image)>& visit) {
  for (int32_t page = first; page < std::ssize(pages_); ++page) {
    throw_if_interrupted();
    visit(page, image(page));
  }
}

void PageStore::forget() {
  groups_.clear();
  open_.clear();
}

}  // namespace recto
