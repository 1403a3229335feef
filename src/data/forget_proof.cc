#include "data/forget_proof.h"

#include "base/file.h"
#include "base/interrupt.h"
#include "base/sha256.h"
#include "data/table_scan.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr size_t kNamedPlaces = 20;

class Search {
 public:
  Search(const fs::path& directory, const ForgetPlan& plan, const std::set<std::string>& images)
      : directory_(directory),
        plan_(plan),
        images_(images),
        marks_({plan.ids.begin(), plan.ids.end()}, plan.names) {}

  ForgetProof run() {
    for (const auto& entry : fs::recursive_directory_iterator(directory_)) {
      throw_if_interrupted();
      if (entry.is_regular_file()) search_file(entry.path());
    }
    for (const std::string& table : table_names()) {
      for (const std::string& split : list_splits(directory_ / table)) {
        for (const fs::path& file : list_shards(directory_ / table, split)) {
          search_table(file, table);
        }
      }
    }
    return std::move(proof_);
  }

 private:
  void found(int64_t& counter, int64_t times, const std::string& where) {
    if (times == 0) return;
    counter += times;
    if (proof_.where.size() < kNamedPlaces) proof_.where.push_back(where);
  }

  void search_file(const fs::path& path) {
    const std::string name = path.lexically_relative(directory_).generic_string();
    const MappedFile file(path);
    const std::string_view bytes = as_text(file.bytes());
    ++proof_.files;
    proof_.bytes += std::ssize(bytes);
    found(proof_.hashes_found, marks_.hashes().count(bytes) + marks_.hashes().count(name), name);
    if (path.extension() != ".parquet") {
      found(proof_.names_found, marks_.has_name(bytes) || marks_.has_name(name) ? 1 : 0, name);
      const std::string hash = sha256_hex(bytes);
      const bool copy = images_.count(hash) != 0 || plan_.is_forgotten(hash);
      found(proof_.images_found, copy ? 1 : 0, name);
    }
  }

  void search_table(const fs::path& file, const std::string& table) {
    const auto columns = table_columns(table);
    const bool with_images = table == Table<PageRow>::kName;
    const bool with_names = table == Table<DocumentRow>::kName || table == Table<AuditRow>::kName;
    for_each_batch(file, columns, with_images ? kImageBatch : kRowBatch,
                   [&](std::vector<Row>&& rows) {
                     throw_if_interrupted();
                     for (const Row& row : rows) search_row(row, table, with_names);
                   });
  }

  void search_row(const Row& row, const std::string& table, bool with_names) {
    const auto* id = std::get_if<std::string>(&row[0]);
    const std::string where = fmt::format("{} {}", table, id == nullptr ? "" : *id);
    for (const Cell& cell : row) {
      if (const auto* text = std::get_if<std::string>(&cell)) {
        search_text(*text, where, with_names);
      } else if (const auto* list = std::get_if<std::vector<std::string>>(&cell)) {
        for (const std::string& word : *list) search_text(word, where, false);
      } else if (const auto* image = std::get_if<ImageCell>(&cell)) {
        ++proof_.images;
        search_text(image->path.value_or(""), where, true);
        search_image(image->bytes.value_or(""), id == nullptr ? "" : *id, where);
      }
    }
  }

  void search_image(const std::string& bytes, const std::string& page_id,
                    const std::string& where) {
    if (images_.count(sha256_hex(bytes)) == 0) return;
    if (plan_.is_forgotten_page(page_id)) {
      found(proof_.images_found, 1, where);
    } else {
      proof_.same_images.push_back(page_id);
    }
  }

  void search_text(const std::string& text, const std::string& where, bool with_names) {
    ++proof_.cells;
    found(proof_.hashes_found, marks_.hashes().count(text), where);
    if (with_names) found(proof_.names_found, marks_.has_name(text) ? 1 : 0, where);
  }

  const fs::path& directory_;
  const ForgetPlan& plan_;
  const std::set<std::string>& images_;
  ForgottenMarks marks_;
  ForgetProof proof_;
};

}  // namespace

ForgetProof prove_forgotten(const fs::path& directory, const ForgetPlan& plan,
                            const std::set<std::string>& images) {
  return Search(directory, plan, images).run();
}

Json proof_json(const ForgetProof& proof) {
  return {{"files", proof.files},
          {"bytes", proof.bytes},
          {"cells", proof.cells},
          {"images", proof.images},
          {"hashes_found", proof.hashes_found},
          {"names_found", proof.names_found},
          {"images_found", proof.images_found},
          {"where", proof.where},
          {"same_images_of_other_documents", proof.same_images}};
}

}  // namespace recto
