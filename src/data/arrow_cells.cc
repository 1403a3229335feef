#include "data/arrow_cells.h"

#include <arrow/util/float16.h>

#include <optional>
#include <utility>

#include "base/error.h"

namespace recto {

namespace {

bool is_text(const arrow::Array& array) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
      return true;
    case arrow::Type::DICTIONARY:
      return is_text(*static_cast<const arrow::DictionaryArray&>(array).dictionary());
    default:
      return false;
  }
}

std::string text_at(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return std::string(static_cast<const arrow::BinaryArray&>(array).GetView(row));
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return std::string(static_cast<const arrow::LargeBinaryArray&>(array).GetView(row));
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return std::string(static_cast<const arrow::BinaryViewArray&>(array).GetView(row));
    default: {
      const auto& coded = static_cast<const arrow::DictionaryArray&>(array);
      return text_at(*coded.dictionary(), coded.GetValueIndex(row));
    }
  }
}

bool is_integer_type(arrow::Type::type id) {
  return id >= arrow::Type::UINT8 && id <= arrow::Type::INT64;
}

bool is_number_type(arrow::Type::type id) {
  return is_integer_type(id) || id == arrow::Type::HALF_FLOAT || id == arrow::Type::FLOAT ||
         id == arrow::Type::DOUBLE;
}

template <typename Array>
auto value_at(const arrow::Array& array, int64_t row) {
  return static_cast<const Array&>(array).Value(row);
}

/// Nothing for a value above 2^63 - 1.
std::optional<int64_t> integer_at(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::INT8:
      return value_at<arrow::Int8Array>(array, row);
    case arrow::Type::UINT8:
      return value_at<arrow::UInt8Array>(array, row);
    case arrow::Type::INT16:
      return value_at<arrow::Int16Array>(array, row);
    case arrow::Type::UINT16:
      return value_at<arrow::UInt16Array>(array, row);
    case arrow::Type::INT32:
      return value_at<arrow::Int32Array>(array, row);
    case arrow::Type::UINT32:
      return value_at<arrow::UInt32Array>(array, row);
    case arrow::Type::INT64:
      return value_at<arrow::Int64Array>(array, row);
    default: {
      const uint64_t value = value_at<arrow::UInt64Array>(array, row);
      if (!std::in_range<int64_t>(value)) return std::nullopt;
      return static_cast<int64_t>(value);
    }
  }
}

double number_at(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::HALF_FLOAT:
      return arrow::util::Float16::FromBits(value_at<arrow::HalfFloatArray>(array, row)).ToDouble();
    case arrow::Type::FLOAT:
      return value_at<arrow::FloatArray>(array, row);
    case arrow::Type::DOUBLE:
      return value_at<arrow::DoubleArray>(array, row);
    default:
      return static_cast<double>(integer_at(array, row).value_or(INT64_MAX));
  }
}

/// The items of row `row` of any kind of list array; nullptr for another array.
std::shared_ptr<arrow::Array> list_items(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::LIST:
      return static_cast<const arrow::ListArray&>(array).value_slice(row);
    case arrow::Type::LARGE_LIST:
      return static_cast<const arrow::LargeListArray&>(array).value_slice(row);
    case arrow::Type::FIXED_SIZE_LIST:
      return static_cast<const arrow::FixedSizeListArray&>(array).value_slice(row);
    default:
      return nullptr;
  }
}

/// Type of the items of a list type, NA for any other.
arrow::Type::type item_type(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
      return type.field(0)->type()->id();
    default:
      return arrow::Type::NA;
  }
}

bool is_text_type(arrow::Type::type id) {
  return id == arrow::Type::STRING || id == arrow::Type::LARGE_STRING ||
         id == arrow::Type::STRING_VIEW || id == arrow::Type::BINARY;
}

bool is_image(const arrow::Array& array) {
  if (array.type_id() != arrow::Type::STRUCT) return is_text(array);
  const auto& parts = static_cast<const arrow::StructArray&>(array);
  const auto bytes = parts.GetFieldByName("bytes");
  const auto path = parts.GetFieldByName("path");
  const auto usable = [](const auto& part) {
    return part == nullptr || is_text(*part) || part->type_id() == arrow::Type::NA;
  };
  return (bytes != nullptr || path != nullptr) && usable(bytes) && usable(path);
}

std::optional<std::string> optional_text(const arrow::StructArray& parts, const char* name,
                                         int64_t row) {
  const auto part = parts.GetFieldByName(name);
  if (part == nullptr || part->IsNull(row) || !is_text(*part)) return std::nullopt;
  return text_at(*part, row);
}

}  // namespace

CellReader::CellReader(std::shared_ptr<arrow::Array> array, const Column& column,
                       const std::filesystem::path& path)
    : array_(std::move(array)), column_(column), path_(path) {
  const arrow::Type::type id = array_->type_id();
  if (id == arrow::Type::NA) return;  // all null: a column of any type
  switch (column_.type) {
    case ColumnType::kString:
      if (!is_text(*array_)) wrong_type("text");
      break;
    case ColumnType::kInt32:
    case ColumnType::kInt64:
      if (!is_integer_type(id)) wrong_type("integers");
      break;
    case ColumnType::kFloat:
    case ColumnType::kDouble:
      if (!is_number_type(id)) wrong_type("numbers");
      break;
    case ColumnType::kImage:
      if (!is_image(*array_)) wrong_type("images: struct<bytes: binary, path: string>");
      break;
    case ColumnType::kStringList:
      if (!is_text_type(item_type(*array_->type()))) wrong_type("lists of text");
      break;
    case ColumnType::kFloatList:
      if (!is_number_type(item_type(*array_->type()))) wrong_type("lists of numbers");
      break;
    case ColumnType::kInt32List:
      if (!is_integer_type(item_type(*array_->type()))) wrong_type("lists of integers");
      break;
  }
}

void CellReader::wrong_type(const char* wanted) const {
  fail(ErrorCode::kBadInput, "{}: column \"{}\" is of type {}; wanted {}", path_.string(),
       column_.name, array_->type()->ToString(), wanted);
}

int64_t CellReader::integer(int64_t row) const {
  const std::optional<int64_t> value = integer_at(*array_, row);
  const bool fits = value && (column_.type == ColumnType::kInt64 || std::in_range<int>(*value));
  if (!fits) {
    fail(ErrorCode::kBadInput, "{}: column \"{}\" has an integer of more than {} bits",
         path_.string(), column_.name, column_.type == ColumnType::kInt64 ? 64 : 32);
  }
  return *value;
}

Cell CellReader::image(int64_t row) const {
  ImageCell image;
  if (array_->type_id() == arrow::Type::STRUCT) {
    const auto& parts = static_cast<const arrow::StructArray&>(*array_);
    image.bytes = optional_text(parts, "bytes", row);
    image.path = optional_text(parts, "path", row);
    return image;
  }
  const bool is_path = arrow::is_string(array_->type_id()) ||
                       array_->type_id() == arrow::Type::STRING_VIEW ||
                       array_->type_id() == arrow::Type::DICTIONARY;
  (is_path ? image.path : image.bytes) = text_at(*array_, row);
  return image;
}

std::vector<int32_t> CellReader::integers(const arrow::Array& items) const {
  std::vector<int32_t> numbers;
  numbers.reserve(items.length());
  for (int64_t i = 0; i < items.length(); ++i) {
    const std::optional<int64_t> value = integer_at(items, i);
    if (!value || !std::in_range<int32_t>(*value)) {
      fail(ErrorCode::kBadInput, "{}: column \"{}\" has an integer inside a list that is no int32",
           path_.string(), column_.name);
    }
    numbers.push_back(static_cast<int32_t>(*value));
  }
  return numbers;
}

Cell CellReader::list(int64_t row) const {
  const auto items = list_items(*array_, row);
  if (column_.type == ColumnType::kStringList) {
    std::vector<std::string> texts;
    texts.reserve(items->length());
    for (int64_t i = 0; i < items->length(); ++i) {
      texts.push_back(items->IsNull(i) ? std::string() : text_at(*items, i));
    }
    return texts;
  }
  if (items->null_count() != 0) {
    fail(ErrorCode::kBadInput, "{}: column \"{}\" has a null inside a list", path_.string(),
         column_.name);
  }
  if (column_.type == ColumnType::kInt32List) return integers(*items);
  std::vector<float> numbers;
  numbers.reserve(items->length());
  for (int64_t i = 0; i < items->length(); ++i) {
    numbers.push_back(static_cast<float>(number_at(*items, i)));
  }
  return numbers;
}

Cell CellReader::cell(int64_t row) const {
  if (array_->IsNull(row)) return std::monostate{};
  switch (column_.type) {
    case ColumnType::kString:
      return text_at(*array_, row);
    case ColumnType::kInt32:
    case ColumnType::kInt64:
      return integer(row);
    case ColumnType::kFloat:
    case ColumnType::kDouble:
      return number_at(*array_, row);
    case ColumnType::kImage:
      return image(row);
    case ColumnType::kStringList:
    case ColumnType::kFloatList:
    case ColumnType::kInt32List:
      return list(row);
  }
  return std::monostate{};
}

}  // namespace recto
