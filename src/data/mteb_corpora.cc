// Which configurations of a set in the layout mteb belong together.

#include <algorithm>
#include <iterator>
#include <map>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/sha256.h"
#include "data/foreign_columns.h"
#include "data/import_layouts.h"
#include "data/table_scan.h"

namespace recto {

namespace {

/// What stands under an id: SHA-256 of all columns that a page is read from, empty without them.
using Contents = std::map<std::string, std::string>;

Contents contents_of(const std::vector<ImportFile>& corpus, bool with_pages) {
  Contents contents;
  for (const ImportFile& file : corpus) {
    ForeignColumns columns(file.path);
    const int id = columns.required_text({"id", "_id", "corpus-id", "corpus_id"});
    const int image = with_pages ? columns.image({"image"}) : ForeignColumns::kNone;
    const int text = with_pages ? columns.text({"text", "markdown"}) : ForeignColumns::kNone;
    const int title = with_pages ? columns.text({"title"}) : ForeignColumns::kNone;
    for_each_batch(file.path, columns.columns(), with_pages ? kImageBatch : kRowBatch,
                   [&](std::vector<Row>&& rows) {
                     throw_if_interrupted();
                     for (Row& row : rows) {
                       Sha256 hash;
                       for (const int place : {title, text}) {
                         hash.update(ForeignColumns::text_of(row, place));
                         hash.update(std::string_view("\0", 1));
                       }
                       if (image != ForeignColumns::kNone) {
                         const auto* cell = std::get_if<ImageCell>(&row[image]);
                         if (cell != nullptr)
                           hash.update(std::string_view(cell->bytes.value_or("")));
                       }
                       contents[ForeignColumns::text_of(row, id)] = hash.hex();
                     }
                   });
  }
  return contents;
}

using Corpora = std::map<std::string, std::vector<ImportFile>>;

/// Prefixes whose corpora have the same contents, in order of the first of each.
std::vector<std::vector<std::string>> groups_of(const Corpora& corpora, bool with_pages) {
  std::map<Contents, size_t> places;
  std::vector<std::vector<std::string>> groups;
  for (const auto& [prefix, files] : corpora) {
    const auto [place, fresh] = places.try_emplace(contents_of(files, with_pages), groups.size());
    if (fresh) groups.emplace_back();
    groups[place->second].push_back(prefix);
  }
  return groups;
}

}  // namespace

std::string mteb_role(const std::string& config) {
  for (const char* role : {"corpus", "queries", "qrels"}) {
    if (config.ends_with(role)) return role;
  }
  return config.ends_with("default") ? "qrels" : "";
}

std::string mteb_prefix(const std::string& config) {
  const std::string role = config.ends_with("default") ? "default" : mteb_role(config);
  return config.substr(0, config.size() - role.size());
}

std::vector<ImportFile> evaluated_files(std::vector<ImportFile> files, const std::string& split,
                                        bool others) {
  for (const std::string& wanted : {split, std::string()}) {
    std::vector<ImportFile> found;
    std::copy_if(files.begin(), files.end(), std::back_inserter(found),
                 [&](const ImportFile& file) { return file.split == wanted; });
    if (!found.empty()) return found;
  }
  if (!others) files.clear();
  return files;
}

MtebGroups mteb_groups(const std::vector<ImportFile>& files) {
  MtebGroups groups;
  for (const ImportFile& file : files) {
    if (!mteb_role(file.config).empty()) groups[mteb_prefix(file.config)].push_back(file);
  }
  const auto is_corpus = [](const ImportFile& file) { return mteb_role(file.config) == "corpus"; };
  const auto shared = groups.find("");
  if (groups.size() < 2 || shared == groups.end() ||
      !std::all_of(shared->second.begin(), shared->second.end(), is_corpus)) {
    return groups;
  }
  const std::vector<ImportFile> corpus = std::move(shared->second);
  groups.erase(shared);
  for (auto& [prefix, group] : groups) {
    if (std::any_of(group.begin(), group.end(), is_corpus)) continue;
    group.insert(group.end(), corpus.begin(), corpus.end());
  }
  return groups;
}

std::vector<std::vector<std::string>> mteb_corpora(const std::vector<ImportFile>& files,
                                                   const std::string& split) {
  Corpora corpora;
  for (const auto& [prefix, group] : mteb_groups(files)) {
    std::vector<ImportFile>& corpus = corpora[prefix];
    std::copy_if(group.begin(), group.end(), std::back_inserter(corpus),
                 [](const ImportFile& file) { return mteb_role(file.config) == "corpus"; });
    corpus = evaluated_files(std::move(corpus), split, true);
  }
  if (corpora.size() == 1) return {{corpora.begin()->first}};
  // Ids alone tell most corpora apart; pictures are read where they do not.
  auto groups = groups_of(corpora, false);
  if (groups.size() < corpora.size()) groups = groups_of(corpora, true);
  return groups;
}

std::vector<ImportFile> mteb_files_of(const std::vector<ImportFile>& files,
                                      const std::vector<std::string>& prefixes) {
  std::vector<ImportFile> chosen;
  for (const auto& [prefix, group] : mteb_groups(files)) {
    if (std::find(prefixes.begin(), prefixes.end(), prefix) == prefixes.end()) continue;
    for (const ImportFile& file : group) {
      if (std::none_of(chosen.begin(), chosen.end(),
                       [&](const ImportFile& known) { return known.path == file.path; })) {
        chosen.push_back(file);
      }
    }
  }
  return chosen;
}

}  // namespace recto
