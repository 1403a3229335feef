#include "eval/training_texts.h"

#include <algorithm>

#include "base/interrupt.h"
#include "base/json.h"
#include "data/dataset.h"
#include "data/foreign_columns.h"
#include "data/import_layouts.h"
#include "data/json_lines.h"
#include "data/table_scan.h"
#include "data/text_pairs.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

using Visit = std::function<void(const std::string&)>;

std::string member(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void visit_corpus(const ImportFile& file, const Visit& visit) {
  ForeignColumns columns(file.path);
  const int text = columns.text({"text", "markdown"});
  const int title = columns.text({"title"});
  if (columns.columns().empty()) return;
  for_each_batch(file.path, columns.columns(), kRowBatch, [&](std::vector<Row>&& rows) {
    throw_if_interrupted();
    for (const Row& row : rows) {
      visit(text_of_document(ForeignColumns::text_of(row, title),
                             ForeignColumns::text_of(row, text)));
    }
  });
}

void visit_folder(const fs::path& folder, const Visit& visit) {
  if (fs::exists(folder / "corpus.jsonl")) {
    for_each_line(folder / "corpus.jsonl", [&](const std::string& line, const std::string& where) {
      const Json object = parse_json(line, where);
      visit(text_of_document(member(object, "title"), member(object, "text")));
      return true;
    });
    return;
  }
  for (const ImportFile& file : list_import_files(folder)) {
    if (mteb_role(file.config) == "corpus") visit_corpus(file, visit);
  }
}

}  // namespace

void for_each_training_text(const TrainingSource& source, const std::vector<std::string>& splits,
                            const Visit& visit) {
  if (!source.is_dataset) {
    for_each_text_pair(source.path, [&](TextPair&& pair) { visit(pair.passage); });
  } else if (!fs::exists(source.path / "pages")) {
    visit_folder(source.path, visit);
  } else {
    for (const std::string& split : splits) {
      scan_pages(source.path, split, [&](PageRow&& page) { visit(page.text); });
    }
  }
}

}  // namespace recto
