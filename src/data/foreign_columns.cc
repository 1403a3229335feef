#include "data/foreign_columns.h"

#include "base/error.h"

namespace recto {

int ForeignColumns::add(std::initializer_list<const char*> names, ColumnType type) {
  for (const char* name : names) {
    if (!file_.has_column(name)) continue;
    const bool digits = type == ColumnType::kString && file_.column_is_integer(name);
    columns_.push_back({name, digits ? ColumnType::kInt64 : type});
    return static_cast<int>(columns_.size()) - 1;
  }
  return kNone;
}

int ForeignColumns::text(std::initializer_list<const char*> names) {
  return add(names, ColumnType::kString);
}
int ForeignColumns::image(std::initializer_list<const char*> names) {
  return add(names, ColumnType::kImage);
}
int ForeignColumns::number(std::initializer_list<const char*> names) {
  return add(names, ColumnType::kDouble);
}
int ForeignColumns::texts(std::initializer_list<const char*> names) {
  return add(names, ColumnType::kStringList);
}

int ForeignColumns::required_text(std::initializer_list<const char*> names) {
  const int place = text(names);
  if (place == kNone) missing(names);
  return place;
}

int ForeignColumns::required_image(std::initializer_list<const char*> names) {
  const int place = image(names);
  if (place == kNone) missing(names);
  return place;
}

std::vector<int> ForeignColumns::images(const std::string& prefix) {
  std::vector<int> places;
  int number = file_.has_column(prefix + "0") ? 0 : 1;
  for (std::string name = prefix + std::to_string(number); file_.has_column(name);
       name = prefix + std::to_string(++number)) {
    places.push_back(image({name.c_str()}));
  }
  return places;
}

void ForeignColumns::missing(std::initializer_list<const char*> names) const {
  std::string wanted;
  for (const char* name : names)
    wanted += fmt::format("{}\"{}\"", wanted.empty() ? "" : " or ", name);
  std::string found;
  for (const std::string& name : file_.column_names()) found += (found.empty() ? "" : ", ") + name;
  fail(ErrorCode::kBadInput, "{}: the column {} is missing; it has {}", file_.path().string(),
       wanted, found);
}

std::string ForeignColumns::text_of(const Row& row, int place) {
  if (place == kNone) return {};
  if (const auto* text = std::get_if<std::string>(&row[place])) return *text;
  if (const auto* number = std::get_if<int64_t>(&row[place])) return std::to_string(*number);
  return {};
}

bool ForeignColumns::is_null(const Row& row, int place) {
  return place == kNone || std::holds_alternative<std::monostate>(row[place]);
}

}  // namespace recto
