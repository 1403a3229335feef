#include "page/worker_protocol.h"

#include <algorithm>
#include <bit>
#include <type_traits>

#include "base/utf8.h"

static_assert(std::endian::native == std::endian::little);

namespace recto {
namespace {

constexpr size_t kMaxUtf8Bytes = 4;  // of one character

class Writer {
 public:
  template <typename T>
  Writer& number(T value) {
    static_assert(std::is_arithmetic_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return *this;
  }
  Writer& text(std::string_view value) {
    number(static_cast<uint32_t>(value.size()));
    bytes_.append(value);
    return *this;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

[[noreturn]] void malformed(const char* what) {
  fail(ErrorCode::kBadInput,
       "the page worker gave a malformed answer ({}): the file may be hostile, or the worker of "
       "another version",
       what);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T number() {
    T value;
    if (rest_.size() < sizeof(value)) malformed("too short");
    rest_.copy(reinterpret_cast<char*>(&value), sizeof(value));
    rest_.remove_prefix(sizeof(value));
    return value;
  }

  int32_t integer(int32_t low, int32_t high) {
    const auto value = number<int32_t>();
    if (value < low || value > high) malformed("number out of range");
    return value;
  }

  float fraction() {
    const auto value = number<float>();
    if (!(value >= 0.0f && value <= 1.0f)) malformed("box outside the page");
    return value;
  }

  std::string text() {
    const auto size = number<uint32_t>();
    if (size > rest_.size()) malformed("text too long");
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    if (!is_valid_utf8(value)) malformed("text is not UTF-8");
    return value;
  }

  /// A count of entries that take at least `entry_bytes` each.
  size_t count(size_t entry_bytes) {
    const auto value = number<uint32_t>();
    if (value > rest_.size() / entry_bytes) malformed("more entries than bytes");
    return value;
  }

  void end() const {
    if (!rest_.empty()) malformed("too long");
  }

 private:
  std::string_view rest_;
};

}  // namespace

size_t pixel_buffer_bytes(const ImageLimits& limits) {
  return static_cast<size_t>(std::max<int64_t>(1, limits.max_pixels)) * 3;
}

std::string encode(const Request& request) {
  Writer writer;
  writer.number(kRequestMagic).number(static_cast<uint32_t>(request.kind)).number(request.page);
  writer.number(request.argument).number(static_cast<uint32_t>(request.payload.size()));
  writer.number(uint32_t{0});
  return writer.take() + request.payload;
}

std::string encode(const OpenRequest& request) {
  const PageLimits& limits = request.limits;
  Writer writer;
  writer.number(limits.image.max_pixels).number(int32_t{limits.image.max_side});
  writer.number(int32_t{limits.max_pages}).number(limits.image.max_bytes);
  writer.number(limits.max_file_bytes).number(limits.max_memory_bytes).text(request.name);
  return writer.take();
}

std::string encode(const OpenAnswer& answer) {
  Writer writer;
  writer.number(uint32_t{answer.is_pdf}).number(int32_t{answer.page_count});
  writer.text(answer.title).text(answer.producer);
  writer.number(static_cast<uint32_t>(answer.outline.size()));
  for (const OutlineEntry& entry : answer.outline) {
    writer.text(entry.title).number(int32_t{entry.level}).number(int32_t{entry.page});
  }
  return writer.take();
}

std::string encode(const RenderAnswer& answer) {
  return Writer().number(int32_t{answer.width}).number(int32_t{answer.height}).take();
}

std::string encode(const PageText& answer) {
  Writer writer;
  writer.text(answer.text).number(static_cast<uint32_t>(answer.words.size()));
  for (const Word& word : answer.words) {
    writer.text(word.text).number(word.left).number(word.top);
    writer.number(word.right).number(word.bottom);
  }
  return writer.text(answer.label).take();
}

std::string encode(const ProbeAnswer& answer) {
  Writer writer;
  writer.number(int32_t{answer.landlock_abi}).number(uint32_t{answer.seccomp});
  writer.number(uint32_t{answer.pdfium}).text(answer.pdfium_path);
  writer.number(static_cast<uint32_t>(answer.attempts.size()));
  for (const auto& attempt : answer.attempts) {
    writer.text(attempt.what).number(int32_t{attempt.error});
  }
  return writer.take();
}

std::string answer_header(uint32_t status, uint64_t payload_bytes) {
  return Writer().number(kAnswerMagic).number(status).number(payload_bytes).take();
}

uint32_t status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kBadInput:
      return 1;
    case ErrorCode::kLimit:
      return 2;
    case ErrorCode::kUnsupported:
      return 3;
    case ErrorCode::kNotFound:
      return 4;
    default:
      return 5;
  }
}

ErrorCode error_of(uint32_t status) {
  constexpr ErrorCode kCodes[] = {ErrorCode::kBadInput, ErrorCode::kLimit, ErrorCode::kUnsupported,
                                  ErrorCode::kNotFound};
  return status >= 1 && status <= std::size(kCodes) ? kCodes[status - 1] : ErrorCode::kInternal;
}

AnswerHeader decode_answer_header(std::string_view bytes) {
  Reader reader(bytes);
  if (reader.number<uint32_t>() != kAnswerMagic) malformed("no answer");
  AnswerHeader header{};
  header.status = reader.number<uint32_t>();
  header.payload_bytes = reader.number<uint64_t>();
  if (header.payload_bytes > kMaxAnswerPayload) malformed("too long");
  return header;
}

OpenRequest decode_open_request(std::string_view bytes) {
  Reader reader(bytes);
  OpenRequest request;
  PageLimits& limits = request.limits;
  limits.image.max_pixels = reader.number<int64_t>();
  limits.image.max_side = reader.number<int32_t>();
  limits.max_pages = reader.number<int32_t>();
  limits.image.max_bytes = reader.number<uint64_t>();
  limits.max_file_bytes = reader.number<uint64_t>();
  limits.max_memory_bytes = reader.number<uint64_t>();
  request.name = reader.text();
  reader.end();
  return request;
}

OpenAnswer decode_open_answer(std::string_view bytes, const PageLimits& limits) {
  Reader reader(bytes);
  OpenAnswer answer;
  answer.is_pdf = reader.number<uint32_t>() != 0;
  answer.page_count = reader.integer(1, answer.is_pdf ? limits.max_pages : 1);
  answer.title = reader.text();
  answer.producer = reader.text();
  answer.outline.resize(reader.count(12));
  for (OutlineEntry& entry : answer.outline) {
    entry.title = reader.text();
    entry.level = reader.integer(0, 1 << 16);
    entry.page = reader.integer(0, answer.page_count);
  }
  reader.end();
  return answer;
}

RenderAnswer decode_render_answer(std::string_view bytes, const ImageLimits& limits) {
  Reader reader(bytes);
  RenderAnswer answer;
  answer.width = reader.integer(1, limits.max_side);
  answer.height = reader.integer(1, limits.max_side);
  if (answer.width > limits.max_pixels / answer.height) malformed("too many pixels");
  reader.end();
  return answer;
}

PageText decode_text_answer(std::string_view bytes) {
  Reader reader(bytes);
  PageText answer;
  answer.text = reader.text();
  answer.words.resize(reader.count(20));
  for (Word& word : answer.words) {
    word.text = reader.text();
    word.left = reader.fraction();
    word.top = reader.fraction();
    word.right = reader.fraction();
    word.bottom = reader.fraction();
  }
  answer.label = reader.text();
  if (answer.label.size() > kMaxLabelCharacters * kMaxUtf8Bytes) malformed("label too long");
  reader.end();
  return answer;
}

ProbeAnswer decode_probe_answer(std::string_view bytes) {
  Reader reader(bytes);
  ProbeAnswer answer;
  answer.landlock_abi = reader.integer(0, 1 << 16);
  answer.seccomp = reader.number<uint32_t>() != 0;
  answer.pdfium = reader.number<uint32_t>() != 0;
  answer.pdfium_path = reader.text();
  answer.attempts.resize(reader.count(8));
  for (auto& attempt : answer.attempts) {
    attempt.what = reader.text();
    attempt.error = reader.integer(0, 1 << 16);
  }
  reader.end();
  return answer;
}

std::string decode_message(std::string_view bytes) {
  constexpr size_t kMaxBytes = 2000;
  std::string message;
  for (size_t position = 0; position < bytes.size() && message.size() < kMaxBytes;) {
    const char32_t c = decode_utf8(bytes, position);
    const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
    append_utf8(message, control ? U' ' : c);
  }
  return message;
}

}  // namespace recto
