#include <algorithm>
#include <charconv>
#include <fstream>
#include <functional>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/progress.h"
#include "base/utf8.h"
#include "data/import_layouts.h"
#include "data/import_qrels.h"
#include "data/table_scan.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr uint64_t kMaxImageBytes = uint64_t{256} << 20;

std::ifstream open_text(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    fail(ErrorCode::kNotFound, "{} is missing or no file", path.string());
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) fail(ErrorCode::kIo, "cannot read {}", path.string());
  return in;
}

/// Calls `visit` with each line that is not empty, and "FILE:LINE".
void for_each_line(const fs::path& path,
                   const std::function<void(const std::string&, const std::string&)>& visit) {
  std::ifstream in = open_text(path);
  int64_t number = 0;
  for (std::string line; std::getline(in, line);) {
    throw_if_interrupted();
    ++number;
    if (number == 1) line.erase(0, byte_order_mark_size(line));
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) visit(line, fmt::format("{}:{}", path.string(), number));
  }
  if (in.bad()) fail(ErrorCode::kIo, "cannot read {}", path.string());
}

/// The member as text; integers as their digits, "" when it is absent or null.
std::string text_of(const Json& object, const char* key, const std::string& where) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return {};
  if (found->is_number_integer()) return found->dump();
  return json_required<std::string>(object, key, where);
}

std::string id_of(const Json& object, const std::string& where) {
  const std::string id = text_of(object, object.contains("_id") ? "_id" : "id", where);
  if (id.empty()) fail(ErrorCode::kBadInput, "{}: the key \"_id\" is missing or empty", where);
  return id;
}

Json object_of(const std::string& line, const std::string& where) {
  Json object = parse_json(line, where);
  if (!object.is_object()) fail(ErrorCode::kBadInput, "{}: no JSON object", where);
  return object;
}

/// The metadata object, empty when there is none.
Json metadata_of(const Json& object) {
  const auto found = object.find("metadata");
  return found != object.end() && found->is_object() ? *found : Json::object();
}

class BeirImport {
 public:
  BeirImport(const fs::path& directory, const std::string& fallback, ImportSink& sink)
      : directory_(fs::canonical(directory)),
        fallback_(fallback),
        for_evaluation_(sink.for_evaluation()),
        import_(fallback, sink) {}

  void read() {
    for (const fs::path& file : qrels_files()) read_qrels(file);
    read_corpus();
    for_each_line(directory_ / "queries.jsonl",
                  [&](const std::string& line, const std::string& where) {
                    const Json query = object_of(line, where);
                    const Json metadata = metadata_of(query);
                    const std::string id = id_of(query, where);
                    const std::string split = usual_split(text_of(metadata, "split", where));
                    if (!is_wanted(split)) return;
                    import_.add_query(split, id, id, text_of(query, "text", where),
                                      text_of(metadata, "language", where));
                  });
  }

 private:
  std::vector<fs::path> qrels_files() const {
    std::vector<fs::path> files;
    std::error_code error;
    std::string others;
    for (const auto& entry : fs::directory_iterator(directory_ / "qrels", error)) {
      if (entry.path().extension() != ".tsv") continue;
      if (is_wanted(usual_split(entry.path().stem().string()))) {
        files.push_back(entry.path());
      } else {
        others += " " + entry.path().filename().string();
      }
    }
    std::sort(files.begin(), files.end());
    if (files.empty()) {
      fail(ErrorCode::kNotFound, "{} has no qrels/{}.tsv{}", directory_.string(),
           for_evaluation_ ? fallback_ : "*", others.empty() ? "" : "; there is" + others);
    }
    return files;
  }

  /// Whether rows of `split` ("" for an unusual name) are read.
  bool is_wanted(const std::string& split) const {
    return !for_evaluation_ || split.empty() || split == fallback_;
  }

  void read_qrels(const fs::path& file) {
    const std::string split = usual_split(file.stem().string());
    bool first = true;
    for_each_line(file, [&](const std::string& line, const std::string& where) {
      const size_t one = line.find('\t');
      const size_t two = one == std::string::npos ? one : line.find('\t', one + 1);
      if (two == std::string::npos) {
        fail(ErrorCode::kBadInput,
             "{}: three fields with tabs between are wanted: query-id, "
             "corpus-id, score",
             where);
      }
      double score = 0;
      const char* end = line.data() + line.size();
      const auto [stop, error] = std::from_chars(line.data() + two + 1, end, score);
      const bool number = error == std::errc() && stop == end;
      const bool header = first && !number;
      first = false;
      if (header) return;
      if (!number) {
        fail(ErrorCode::kBadInput, "{}: the score \"{}\" is no number", where,
             line.substr(two + 1));
      }
      import_.add_qrel(split, line.substr(0, one), line.substr(one + 1, two - one - 1),
                       parse_grade(score, where));
    });
  }

  /// The bytes of an image that the corpus names; it must lie below the directory.
  std::string image(const std::string& name, const std::string& where) const {
    std::error_code error;
    const fs::path path = fs::canonical(directory_ / name, error);
    if (error) fail(ErrorCode::kNotFound, "{}: the image {} is missing", where, name);
    const auto [outside, rest] =
        std::mismatch(directory_.begin(), directory_.end(), path.begin(), path.end());
    if (outside != directory_.end()) {
      fail(ErrorCode::kBadInput, "{}: the image {} is not in the directory", where, name);
    }
    return read_file(path, kMaxImageBytes);
  }

  /// Fills in the image or, where there is none to be had, the whole text.
  void read_content(const Json& row, const std::string& where, IncomingPage& page) {
    const std::string name = text_of(row, "image", where);
    page.text = text_of(row, "text", where);
    if (!name.empty()) {
      page.image = image(name, where);
    } else if (!for_evaluation_) {
      fail(ErrorCode::kBadInput,
           "{}: the key \"image\" is missing: a corpus of texts without pages cannot be imported; "
           "recto eval --data measures on it as it is",
           where);
    } else {
      page.is_text = true;
      page.text = text_of_document(text_of(row, "title", where), page.text);
    }
    const bool is_text = texts_.value_or(page.is_text);
    if (is_text != page.is_text) {
      fail(ErrorCode::kBadInput,
           "{}: {} image, unlike those before; a corpus is of pictures or of texts", where,
           page.is_text ? "no" : "an");
    }
    texts_ = is_text;
  }

  void read_corpus() {
    Progress progress("import", 0);
    std::vector<std::string> ids;
    std::vector<IncomingPage> pages;
    const auto flush = [&] {
      progress.advance(pages.size());
      import_.add_pages(std::exchange(ids, {}), std::exchange(pages, {}));
    };
    for_each_line(directory_ / "corpus.jsonl",
                  [&](const std::string& line, const std::string& where) {
                    const Json row = object_of(line, where);
                    const Json metadata = metadata_of(row);
                    IncomingPage page;
                    page.split = usual_split(text_of(metadata, "split", where));
                    if (!is_wanted(page.split)) return;
                    ids.push_back(id_of(row, where));
                    page.file_name = ids.back();
                    read_content(row, where, page);
                    page.split = import_.page_split(page.split, ids.back());
                    page.document = text_of(metadata, "document_id", where);
                    page.language = text_of(metadata, "language", where);
                    page.where = where;
                    pages.push_back(std::move(page));
                    if (std::ssize(pages) == kImageBatch) flush();
                  });
    flush();
  }

  fs::path directory_;
  std::string fallback_;
  bool for_evaluation_;
  std::optional<bool> texts_;  ///< whether the corpus is of texts, known from its first row
  QrelsImport import_;
};

}  // namespace

void import_beir(const fs::path& directory, const std::string& fallback, ImportSink& sink) {
  BeirImport(directory, fallback, sink).read();
}

}  // namespace recto
