#pragma once
// A dataset copied row by row, with some rows left out or changed.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/dataset.h"

namespace recto {

/// For each table: whether a row stays; it may be changed on the way. Unset: all rows stay. Tables
/// are visited in the order of the members, each wholly before the next.
struct RewriteRules {
  std::function<bool(const std::string& split, DocumentRow& row)> document;
  /// Changes the next few pages, before `page` is asked of each: for work on several threads.
  std::function<void(const std::string& split, std::vector<PageRow>& rows)> pages;
  std::function<bool(const std::string& split, PageRow& row)> page;
  std::function<bool(const std::string& split, QueryRow& row)> query;
  std::function<bool(const std::string& split, QrelRow& row)> qrel;
  std::function<bool(const std::string& split, NegativeRow& row)> negative;
  std::function<bool(const std::string& split, AuditRow& row)> audit;
};

/// Copies the tables of the dataset in `directory`, images and all, a few rows at a time. Throws
/// Error(kUnsupported) for a table with columns that the copy would lose.
void rewrite_tables(const std::filesystem::path& directory, const RewriteRules& rules,
                    DatasetWriter& writer);

/// The text of README.md below its YAML; "" when there is none.
std::string card_body_of(const std::filesystem::path& directory);

/// `body` with `line` under the heading "## Changes" at its end, after what
/// stands there already.
std::string with_change(std::string body, const std::string& line);

}  // namespace recto
