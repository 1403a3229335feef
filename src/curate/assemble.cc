#include "curate/assemble.h"

#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/heap.h"
#include "base/interrupt.h"
#include "base/language_tag.h"
#include "base/log.h"
#include "curate/audit.h"
#include "curate/comparison.h"
#include "curate/corpus.h"
#include "curate/corpus_families.h"
#include "curate/corpus_queries.h"
#include "curate/dataset_text.h"
#include "curate/exclusions.h"
#include "curate/judge_ranker.h"
#include "curate/named_documents.h"
#include "curate/near_duplicates.h"
#include "curate/page_store.h"
#include "curate/ranker.h"
#include "curate/report_data.h"
#include "curate/round_trip.h"
#include "curate/source_names.h"
#include "curate/splits.h"
#include "data/dataset.h"
#include "data/page_id.h"
#include "data/tables.h"
#include "engine/cpu_embedder.h"
#include "model/model_directory.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

class Assembly {
 public:
  Assembly(const std::vector<PlacedDocument>& placed, const Listing& files,
           const CurateOptions& options, const AssemblyPlaces& places)
      : placed_(placed),
        files_(files),
        options_(options),
        places_(places),
        writer_(places.output),
        audit_([this](AuditRow&& row) { record(row); }) {}

  CurateReport run() {
    report_.files = std::ssize(files_.files.listed);
    const std::string notice = comparison_notice(options_);
    if (!notice.empty()) log_warning("{}", notice);
    for (const AuditRow& row : files_.audit) record(row);
    load();
    find_near_pages();
    make_families();
    split();
    make_queries();
    judge_queries();
    forget_what_is_done_with();
    write();
    return std::move(report_);
  }

 private:
  /// A document that is kept, and where its record is.
  struct Member {
    const PlacedDocument* place = nullptr;
    CuratedDocument document;   ///< without its pages: corpus_ has what is wanted of them
    std::vector<int32_t> rows;  ///< of its pages in the pages file, ascending
  };

  /// What the corpus does not say of a page.
  struct PageFacts {
    int words = 0;
    bool sparse = false;  ///< ink below kSparseInk
    bool blank = false;
    double language_confidence = 0;
  };

  void record(const AuditRow& row) {
    stages_.add(row);
    writer_.add("audit", row);
  }

  /// The records of all documents, one after the other: what the stages need of a page is a few
  /// bytes, and its candidates are read again when they are wanted.
  void load() {
    if (!options_.exclude.empty()) {
      exclusions_ = Exclusions::load(options_.exclude,
                                     {.threads = options_.threads, .limits = options_.limits});
    }
    std::map<size_t, std::vector<std::string>> problems;
    for (const auto& [position, errors] : files_.files.problems) {
      for (const Error& error : errors) problems[position].emplace_back(error.what());
    }
    bool one = false;
    for (const PlacedDocument& place : placed_) {
      throw_if_interrupted();
      DocumentRecord record = read_record(place.place.record);
      for (AuditRow& row : record.audit) audit_.add(std::move(row));
      if (!record.problems.empty()) problems[place.source.position] = std::move(record.problems);
      report_.headings += record.outline_entries;
      if (!record.kept) continue;
      one = true;
      add_member(place, std::move(record));
    }
    for (auto& [position, messages] : problems) {
      for (std::string& message : messages) {
        log_warning("skipped: {}", message);
        report_.failed.push_back(std::move(message));
      }
    }
    if (!one) {
      fail(ErrorCode::kBadInput, "none of {} files became a document{}{}", report_.files,
           report_.failed.empty() ? "" : "; the first one: ",
           report_.failed.empty() ? "" : report_.failed.front());
    }
    if (members_.empty()) fail(ErrorCode::kBadInput, "every page is in what --exclude names");
    name_document_sources();
    std::vector<fs::path> files;
    files.reserve(members_.size());
    for (const Member& member : members_) files.push_back(member.place->place.pages);
    store_.emplace(std::move(files), std::move(stored_));
  }

  void name_document_sources() {
    std::vector<SourcedDocument> documents;
    documents.reserve(members_.size());
    for (const Member& member : members_) {
      const Source& source = member.place->source;
      documents.push_back({member.document.document_id, source.facts.title, source.place});
    }
    std::vector<std::string> names = name_sources(documents);
    for (size_t i = 0; i < names.size(); ++i) corpus_.documents[i].source = std::move(names[i]);
  }

  /// Its pages into the corpus, but for those that are excluded; nothing when none is left.
  void add_member(const PlacedDocument& place, DocumentRecord&& record) {
    CuratedDocument& of = record.document;
    of.source_name = place.source.name();  // the file may have got another name
    std::vector<int32_t> rows(of.pages.size());
    std::iota(rows.begin(), rows.end(), 0);
    if (exclusions_) drop_excluded_pages(place.place.pages, of, rows);
    if (rows.empty()) return;
    const auto document = std::ssize(members_);
    corpus_.documents.push_back({of.document_id, "", "", "", of.language});
    for (size_t i = 0; i < rows.size(); ++i) {
      add_page(static_cast<int32_t>(document), of.pages[i]);
      stored_.push_back({static_cast<int32_t>(document), rows[i]});
    }
    works_.push_back({of.document_id, of.language, name_key(place.source.place.location), "",
                      std::move(record.headings)});
    std::vector<CuratedPage>().swap(of.pages);
    members_.push_back({&place, std::move(of), std::move(rows)});
  }

  void add_page(int32_t document, const CuratedPage& page) {
    const auto place = static_cast<int32_t>(corpus_.pages.size());
    corpus_.pages.push_back({document, page.number, page.language, page.hash});
    facts_.push_back({page.words, page.ink < kSparseInk, page.content_class == ContentClass::kBlank,
                      page.language_confidence});
    for (const std::string& section : page.sections) headings_.add(place, section);
  }

  void drop_excluded_pages(const fs::path& pages_file, CuratedDocument& document,
                           std::vector<int32_t>& rows) {
    std::vector<StoredPage> stored;
    stored.reserve(rows.size());
    for (const int32_t row : rows) stored.push_back({0, row});
    PageStore store({pages_file}, std::move(stored));
    std::vector<CuratedPage> kept;
    std::vector<int32_t> kept_rows;
    for (size_t i = 0; i < document.pages.size(); ++i) {
      CuratedPage& page = document.pages[i];
      const auto problem = exclusions_->check_page(document.document_id, page.hash,
                                                   store.text(static_cast<int32_t>(i)));
      if (problem) {
        audit_.drop(make_page_id(document.document_id, page.number), "decontamination",
                    problem->reason, problem->score, problem->threshold);
        continue;
      }
      kept_rows.push_back(rows[i]);
      kept.push_back(std::move(page));
    }
    document.pages = std::move(kept);
    rows = std::move(kept_rows);
  }

  void find_near_pages() {
    if (!options_.near_duplicates) {
      near_.group.assign(corpus_.pages.size(), kNoGroup);
      return;
    }
    std::vector<PerceptualHash> hashes;
    std::vector<int> words;
    std::vector<uint8_t> blank;
    for (size_t i = 0; i < corpus_.pages.size(); ++i) {
      hashes.push_back(corpus_.pages[i].hash);
      words.push_back(facts_[i].words);
      blank.push_back(facts_[i].blank ? 1 : 0);
    }
    NearDuplicatePages pages{hashes, words, blank, {}, {}};
    pages.text = [&](size_t i) { return store_->text(static_cast<int32_t>(i)); };
    pages.page_id = [&](size_t i) { return corpus_.page_id(static_cast<int32_t>(i)); };
    near_ = find_near_duplicates(pages, options_.threads);
    store_->forget();
    give_free_memory_back();
  }

  std::vector<FamilyMember> family_members() const {
    std::vector<FamilyMember> members;
    members.reserve(members_.size());
    for (const Member& member : members_) {
      members.push_back(
          {member.document.document_id,
           (files_.directory / member.place->source.place.location).lexically_normal(),
           member.document.title, member.document.is_image});
    }
    return members;
  }

  void make_families() {
    PageInk ink;
    for (const PageFacts& facts : facts_) {
      ink.words.push_back(facts.words);
      ink.sparse.push_back(facts.sparse ? 1 : 0);
    }
    join_families(corpus_, near_, family_members(), find_translations(works_, {}), ink);
    for (size_t i = 0; i < works_.size(); ++i) works_[i].family = corpus_.documents[i].family;
    forget_untranslated_outlines();
  }

  /// Those of families in one language have nobody who asks for them.
  void forget_untranslated_outlines() {
    std::map<std::string, std::set<std::string>> languages;
    for (const TranslatedWork& work : works_) {
      languages[work.family].insert(primary_language(work.language));
    }
    for (TranslatedWork& work : works_) {
      if (languages[work.family].size() < 2) std::vector<TranslatedHeading>().swap(work.outline);
    }
    give_free_memory_back();
  }

  void split() {
    std::map<std::string, std::string> languages;
    std::map<std::string, std::string> pinned;
    std::vector<const Source*> sources;
    for (size_t i = 0; i < members_.size(); ++i) {
      const std::string& family = corpus_.documents[i].family;
      languages.emplace(family, members_[i].document.language);
      sources.push_back(&members_[i].place->source);
      if (is_named(options_.validation_documents, *sources.back())) {
        pinned.emplace(family, "validation");
      }
      if (is_named(options_.test_documents, *sources.back())) pinned[family] = "test";
    }
    warn_of_unused_patterns(options_.test_documents, "test", sources);
    warn_of_unused_patterns(options_.validation_documents, "validation", sources);
    const bool none = std::none_of(pinned.begin(), pinned.end(),
                                   [](const auto& family) { return family.second != "test"; });
    if (none && !options_.validation_documents.empty()) {
      log_warning(
          "no document is in the validation split by its name: the families of all that "
          "--validation-documents names are test as well, or they were left out");
    }
    const auto by_family = assign_splits(languages, pinned, split_settings(options_));
    for (CorpusDocument& document : corpus_.documents) {
      document.split = by_family.at(document.family);
      audit_.keep(document.document_id, "split",
                  fmt::format("{} of {}{}", document.split, document.family,
                              pinned.count(document.family) != 0 ? ", pinned" : ""));
    }
  }

  void make_queries() {
    std::vector<double> confidence;
    confidence.reserve(facts_.size());
    for (const PageFacts& facts : facts_) confidence.push_back(facts.language_confidence);
    std::vector<fs::path> records;
    records.reserve(members_.size());
    for (const Member& member : members_) records.push_back(member.place->place.record);
    queries_ = collect_queries({corpus_, confidence, records, works_}, options_, audit_);
    std::vector<TranslatedWork>().swap(works_);
    give_free_memory_back();
    if (exclusions_) decontaminate(queries_, *exclusions_, audit_);
  }

  bool asks_round_trip() const { return options_.cleaning && options_.round_trip > 0; }

  /// The rankers of the round trip (the last one) and the negatives (all); none when neither is
  /// asked for.
  std::vector<std::unique_ptr<Ranker>> make_rankers() {
    std::vector<std::unique_ptr<Ranker>> rankers;
    const bool mining = options_.negatives.per_query > 0;
    if (!asks_round_trip() && !mining) return rankers;
    if (mining || options_.judge.empty()) {
      rankers.push_back(make_bm25_ranker(places_.scratch / "bm25",
                                         [&](const auto& visit) { store_->for_each_text(visit); }));
    }
    if (options_.judge.empty()) return rankers;
    judge_ = make_cpu_embedder(ModelDirectory::open(options_.judge), {.threads = options_.threads});
    rankers.push_back(make_judge_ranker(
        corpus_, *judge_, places_.kept / "judge-vectors",
        [&](int32_t first, const auto& visit) { store_->for_each_image(first, visit); }));
    return rankers;
  }

  void judge_queries() {
    const auto rankers = make_rankers();
    store_->forget();
    give_free_memory_back();
    if (asks_round_trip()) {
      round_trip(queries_, *rankers.back(), {options_.round_trip, options_.threads}, audit_);
      give_free_memory_back();
    }
    balance(queries_, corpus_, options_.balance, audit_);
    if (options_.negatives.per_query > 0) {
      std::vector<Ranker*> miners;
      miners.reserve(rankers.size());
      for (const auto& ranker : rankers) miners.push_back(ranker.get());
      NegativeSettings settings = options_.negatives;
      settings.threads = options_.threads;
      settings.spare_near = options_.near_duplicates;
      negatives_ = mine_negatives(queries_, corpus_, headings_, miners, settings, audit_);
    }
    for (const auto& ranker : rankers) miners_.emplace_back(ranker->name());
    check_splits_apart(corpus_, queries_);
  }

  /// Tables are written with what is left.
  void forget_what_is_done_with() {
    std::vector<PageFacts>().swap(facts_);
    headings_ = PageHeadings();
    exclusions_.reset();
    judge_.reset();
    store_->forget();
    give_free_memory_back();
  }

  const std::string& split_of(const CorpusQuery& query) const {
    return corpus_.document_of(query.pages.front()).split;
  }

  /// The pages last, when all that the other tables took is free again.
  void write() {
    write_queries();
    for (size_t i = 0; i < members_.size(); ++i) rows_.push_back(document_row(i));
    count();
    PlannedReport planned =
        plan_report({corpus_, queries_, near_, rows_, stages_, report_, options_.seed});
    planned.report.notice = comparison_notice(options_);
    planned.report.near_sought = options_.near_duplicates;
    std::vector<CorpusQuery>().swap(queries_);
    std::vector<Negative>().swap(negatives_);
    std::vector<NearPair>().swap(near_.pairs);
    writer_.finish_small_tables();
    give_free_memory_back();
    write_pages();
    writer_.finish(dataset_manifest(options_, report_, files_),
                   dataset_card_body(options_, report_, rows_));
    write_file(places_.output / "report.html",
               curation_report(std::move(planned), places_.output, corpus_, rows_, *store_));
  }

  void write_queries() {
    for (const CorpusQuery& query : queries_) {
      writer_.add(split_of(query), query.row);
      for (const int32_t answer : query.pages) {
        writer_.add(split_of(query), QrelRow{query.row.query_id, corpus_.page_id(answer), 1});
      }
    }
    for (const Negative& negative : negatives_) {
      const CorpusQuery& query = queries_[negative.query];
      writer_.add(split_of(query),
                  NegativeRow{query.row.query_id, corpus_.page_id(negative.page), negative.rank,
                              negative.score, miners_[negative.miner]});
    }
  }

  /// One split after the other.
  void write_pages() {
    std::vector<size_t> first(members_.size());  // places in the corpus
    std::map<std::string, std::vector<size_t>> members;
    size_t next = 0;
    for (size_t i = 0; i < members_.size(); ++i) {
      first[i] = next;
      next += members_[i].rows.size();
      members[rows_[i].split].push_back(i);
    }
    for (const auto& [split, of] : members) {
      for (const size_t i : of) {
        writer_.add(split, rows_[i]);
        write_pages_of(i, first[i]);
        give_free_memory_back();
      }
    }
  }

  void write_pages_of(size_t member, size_t next) {
    const ParquetFile file(members_[member].place->place.pages);
    const auto& rows = members_[member].rows;
    int32_t at = 0;  // row of the file
    size_t kept = 0;
    for (int group = 0; group < file.groups(); ++group) {
      throw_if_interrupted();
      for (Row& cells : file.read(group, Table<PageRow>::columns())) {
        if (kept == rows.size() || rows[kept] != at++) continue;
        ++kept;
        PageRow row = Table<PageRow>::from_row(std::move(cells));
        const uint32_t near = near_.group[next++];
        if (near != kNoGroup) row.near_group = near_.group_names[near];
        writer_.add(rows_[member].split, row);
      }
    }
  }

  DocumentRow document_row(size_t i) const {
    const CuratedDocument& document = members_[i].document;
    DocumentRow row;
    row.document_id = document.document_id;
    row.source_name = document.source_name;
    row.title = document.title;
    row.licence = document.source.licence;
    row.url = document.source.url;
    row.producer = document.producer;
    row.pages = static_cast<int>(members_[i].rows.size());
    row.language = document.language;
    row.family = corpus_.documents[i].family;
    row.split = corpus_.documents[i].split;
    return row;
  }

  void count() {
    std::map<std::string, std::set<std::string>> families;
    for (const DocumentRow& row : rows_) {
      SplitCounts& counts = report_.splits[row.split];
      ++counts.documents;
      counts.pages += row.pages;
      report_.pages += row.pages;
      families[row.split].insert(row.family);
    }
    for (const auto& [split, names] : families) report_.splits[split].families = std::ssize(names);
    for (const CorpusQuery& query : queries_) ++report_.splits[split_of(query)].queries;
    report_.documents = std::ssize(rows_);
    report_.queries = std::ssize(queries_);
    for (const StageCounts::Stage& stage : stages_.stages()) {
      for (const auto& [reason, count] : stage.dropped) {
        report_.dropped[stage.name + ": " + reason] = count;
      }
    }
  }

  const std::vector<PlacedDocument>& placed_;
  const Listing& files_;
  const CurateOptions& options_;
  const AssemblyPlaces places_;
  DatasetWriter writer_;
  CurateReport report_;
  StageCounts stages_;
  Audit audit_;
  std::vector<Member> members_;
  Corpus corpus_;  ///< documents as in members_
  std::optional<Exclusions> exclusions_;
  std::vector<PageFacts> facts_;       ///< as corpus_.pages
  PageHeadings headings_;              ///< of corpus_.pages
  std::vector<TranslatedWork> works_;  ///< as members_
  std::vector<StoredPage> stored_;     ///< of corpus_.pages, until the store has them
  std::optional<PageStore> store_;
  NearDuplicates near_;
  std::unique_ptr<Embedder> judge_;
  std::vector<CorpusQuery> queries_;
  std::vector<Negative> negatives_;
  std::vector<std::string> miners_;
  std::vector<DocumentRow> rows_;
};

}  // namespace

CurateReport assemble(const std::vector<PlacedDocument>& documents, const Listing& files,
                      const CurateOptions& options, const AssemblyPlaces& places) {
  return_freed_memory_at_once();
  return Assembly(documents, files, options, places).run();
}

}  // namespace recto
