#pragma once
// A document and all that came from it, taken out of a dataset, with proof.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/forget_proof.h"

namespace recto {

struct ForgetOptions {
  /// Document ids, their first 8 digits or more, or shell patterns of source names.
  std::vector<std::string> documents;
  std::filesystem::path output;  ///< a new directory; empty: the dataset is changed in place
};

struct ForgetReport {
  std::vector<std::string> document_ids;
  std::vector<std::string> source_names;
  std::map<std::string, int64_t> rows;        ///< removed, by table
  int64_t audit_changed = 0;                  ///< rows about others whose reason named a document
  int64_t queries_kept = 0;                   ///< a page of another document answers them too
  std::vector<std::string> files_removed;     ///< report.html, and files that named a document
  std::vector<std::string> leftovers;         ///< of ended processes beside the dataset, removed
  std::vector<std::string> shared_names;      ///< names that other documents bear too
  std::vector<std::string> manifest_removed;  ///< entries of the manifest that named a document
  ForgetProof proof;
};

/// Removes documents: their pages, the queries that they alone answer, qrels, negatives, audit
/// rows, and what the card, the manifest and other files say of them. Families and near groups that
/// were named after them are renamed. The manifest's list "forgotten" grows by counts. Nothing
/// changes unless the proof holds: Error(kInternal) otherwise. Throws what select_documents and
/// DatasetChange throw, Error(kUnsupported | kBadInput | kIo).
ForgetReport forget_documents(const std::filesystem::path& directory, const ForgetOptions& options);

Json report_json(const ForgetReport& report);
std::string describe(const ForgetReport& report);

}  // namespace recto
