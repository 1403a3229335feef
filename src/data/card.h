#pragma once
// The README.md of a dataset: YAML that the Hugging Face hub and `datasets` read, then text.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "data/parquet.h"

namespace recto {

struct CardSplit {
  std::string name;
  int64_t rows = 0;
  int64_t value_bytes = 0;
  int64_t file_bytes = 0;
};

struct CardTable {
  std::string name;  ///< the configuration
  std::vector<Column> columns;
  std::vector<CardSplit> splits;
  std::string folder;  ///< its files are at FOLDER/SPLIT-*.parquet; "" for the name
  bool is_default = false;
};

struct CardFacts {
  std::vector<CardTable> tables;    ///< in the order of the card
  std::set<std::string> languages;  ///< BCP 47 (data/language_census.h)
  std::set<std::string> licences;   ///< as the sources name them
  int64_t pages = 0;
};

/// The whole file.
std::string dataset_card(const CardFacts& facts, const std::string& body);

}  // namespace recto
