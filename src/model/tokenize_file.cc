#include "model/tokenize_file.h"

#include <string>
#include <string_view>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/json.h"

namespace recto {

int64_t tokenize_file(const Tokenizer& tokenizer, const std::filesystem::path& input,
                      const std::filesystem::path& output) {
  const MappedFile file(input);
  std::string_view rest = as_text(file.bytes());
  AtomicFile out(output);
  int64_t lines = 0;
  while (!rest.empty()) {
    throw_if_interrupted();
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const std::string where = fmt::format("{} line {}", input.string(), ++lines);
    const Json object = parse_json(line, where);
    const auto text = json_required<std::string>(object, "text", where);
    out.write(dump_json({{"ids", tokenizer.encode(text)}}) + "\n");
  }
  out.commit();
  return lines;
}

}  // namespace recto
