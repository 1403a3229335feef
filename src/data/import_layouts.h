#pragma once
// The readers of the layouts that dataset_import.h names.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/import_files.h"
#include "data/import_sink.h"

namespace recto {

/// Tables of a row for each query and image: what tells them apart.
struct RowLayout {
  /// One image_filename is one page, whatever its bytes (ViDoRe v1, ColPali).
  bool pages_by_file_name = false;
  /// The language of a row is that of its page too.
  bool language_of_page = false;
};

/// Reads tables with columns query (or anchor), image (or positive) and, where there are, id,
/// language, image_filename, source, negatives (ids of rows), negative_image_0… or negative_1…
/// (images). A row without a query gives a page only. Files have a split each.
void import_rows(const std::vector<ImportFile>& files, const RowLayout& layout, ImportSink& sink);

/// Reads the configurations corpus, queries and qrels (or default), or LANGUAGE-corpus and so on,
/// as mteb and ViDoRe write them. Splits with unusual names become `fallback`; a corpus of such a
/// split serves all qrels: a page is then of the first split (by_precedence) that asks for it, of
/// the very first when none does.
void import_mteb(const std::vector<ImportFile>& files, const std::string& fallback,
                 ImportSink& sink);

/// The corpora of import_mteb as corpora_of() (data/dataset_import.h) gives them, of the files that
/// an evaluation of `split` reads. Sets with different texts or pictures under one id are
/// different.
std::vector<std::vector<std::string>> mteb_corpora(const std::vector<ImportFile>& files,
                                                   const std::string& split);

/// Those of `files` that are of the configurations with one of these prefixes.
std::vector<ImportFile> mteb_files_of(const std::vector<ImportFile>& files,
                                      const std::vector<std::string>& prefixes);

/// The configurations of import_mteb by what stands in front of their roles. A corpus without a
/// prefix beside queries that have one is that of each that has no other.
using MtebGroups = std::map<std::string, std::vector<ImportFile>>;
MtebGroups mteb_groups(const std::vector<ImportFile>& files);

/// The role of a configuration of import_mteb: "corpus", "queries", "qrels", or "" for another.
std::string mteb_role(const std::string& config);

/// What stands in front of the role: "fr-" of "fr-queries", "" of "queries".
std::string mteb_prefix(const std::string& config);

/// Of one role's files those of `split`, else those without a usual split's name; when there are
/// neither, all (corpus and queries may serve all splits) or with `others` false none.
std::vector<ImportFile> evaluated_files(std::vector<ImportFile> files, const std::string& split,
                                        bool others);

/// Reads corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv in `directory`; the corpus names the image
/// files beside it. Splits with unusual names become `fallback`. For an evaluation these alone and
/// `fallback` are read, of import_mteb, too, and a corpus without images is one of texts.
void import_beir(const std::filesystem::path& directory, const std::string& fallback,
                 ImportSink& sink);

/// A text without a picture as it is read by a ranker: title, space, text.
std::string text_of_document(const std::string& title, const std::string& text);

/// A language that the name of a folder is: "en", "de", "pt-br"; "" for any other.
std::string language_of_folder(const std::string& name);

/// What a column says of a language, by its code where it is written out ("french"): "fr".
std::string language_tag_of(const std::string& column);

/// The document that a page picture's file name tells of: "a/b.pdf" for "a/b.pdf_page_3.jpg", and
/// what stands before "page" or "p" and a number; "" when it tells none.
std::string document_of_file_name(const std::string& file_name);

}  // namespace recto
