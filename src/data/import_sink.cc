#include "data/import_sink.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/threads.h"
#include "base/utf8.h"
#include "base/version.h"
#include "data/group_names.h"
#include "data/page_id.h"
#include "data/query_text.h"
#include "page/encode.h"
#include "page/image_bytes.h"
#include "page/perceptual_hash.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr const char* kStage = "import";
constexpr int kUprightQuality = 95;

/// "x.jpg" without its ending when that is a page's id; "" otherwise.
std::string page_id_in(const std::string& file_name) {
  std::string stem = fs::path(file_name).stem().string();
  return parse_page_id(stem) ? stem : std::string();
}

/// Whether a file of judgements or a run can have it as an id.
bool is_word(const std::string& id) {
  return !id.empty() && id.find_first_of(" \t\r\n\v\f") == std::string::npos &&
         replace_invalid_utf8(id) == id;
}

}  // namespace

/// What the image of an incoming page turned out to be.
struct ImportSink::NewPage {
  std::string hash;     ///< SHA-256 of the image as it came
  bool is_new = false;  ///< decoded: width and height are known, or the error
  std::optional<Error> error;
  int width = 0, height = 0;
  std::string perceptual_hash;
  std::string upright;  ///< the image encoded again, when its orientation was in its metadata
};

ImportSink::ImportSink(const fs::path& directory, ImportSinkOptions options)
    : options_(std::move(options)), writer_(directory) {}

void ImportSink::drop(const std::string& item, const std::string& reason) {
  writer_.add("audit", AuditRow{item, kStage, "dropped", reason, 0, 0});
  ++counts_[reason];
}

std::string ImportSink::identity(const IncomingPage& page, const std::string& hash) const {
  if (options_.for_evaluation) {
    // The hash of a text alone is that of all there is.
    return page.file_name + "\n" + hash + (page.is_text ? "" : "\n" + sha256_hex(page.text));
  }
  std::string id = page_id_in(page.file_name);
  return id.empty() ? hash : id;
}

std::string ImportSink::kept_page_id(const IncomingPage& page, const std::string& usual) const {
  const std::string name = is_word(page.file_name) ? page.file_name : usual;
  std::string free = name;
  for (int i = 2; page_ids_.count(free) != 0; ++i) free = fmt::format("{}-{}", name, i);
  return free;
}

int ImportSink::known_page(const IncomingPage& page, const std::string& hash) const {
  if (page.by_file_name && !page.file_name.empty()) {
    if (const auto found = page_by_name_.find(page.file_name); found != page_by_name_.end()) {
      return found->second;
    }
  }
  const auto found = page_by_identity_.find(identity(page, hash));
  return found == page_by_identity_.end() ? kNone : found->second;
}

std::vector<ImportSink::NewPage> ImportSink::decode_new(std::vector<IncomingPage>& pages) {
  std::vector<NewPage> decoded(pages.size());
  parallel_for(pages.size(), options_.threads, [&](size_t i) {
    const IncomingPage& page = pages[i];
    decoded[i].hash = sha256_hex(page.is_text ? page.text : page.image);
  });
  std::set<std::string> in_this_batch;
  for (size_t i = 0; i < pages.size(); ++i) {
    decoded[i].is_new = known_page(pages[i], decoded[i].hash) == kNone &&
                        in_this_batch.insert(identity(pages[i], decoded[i].hash)).second;
  }
  parallel_for(pages.size(), options_.threads, [&](size_t i) {
    NewPage& page = decoded[i];
    if (!page.is_new || pages[i].is_text) return;
    throw_if_interrupted();
    try {
      if (pages[i].image.empty()) fail(ErrorCode::kBadInput, "{}: no image", pages[i].where);
      const Image image = read_image_bytes(pages[i].image, pages[i].where);
      page.width = image.width;
      page.height = image.height;
      page.perceptual_hash = hash_text(perceptual_hash(image));
      if (stored_orientation(pages[i].image) != 1) {
        page.upright = encode_jpeg(image, kUprightQuality);
      }
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kBadInput && error.code() != ErrorCode::kLimit) throw;
      page.error = error;
    }
  });
  return decoded;
}

std::vector<int> ImportSink::add_pages(std::vector<IncomingPage>&& pages) {
  std::vector<NewPage> decoded = decode_new(pages);
  std::vector<int> numbers;
  numbers.reserve(pages.size());
  for (size_t i = 0; i < pages.size(); ++i) {
    const int known = known_page(pages[i], decoded[i].hash);
    if (known == kNone) {
      numbers.push_back(store(std::move(pages[i]), decoded[i]));
    } else if (pages_[known].split == pages[i].split) {
      if (!pages[i].file_name.empty()) page_by_name_.try_emplace(pages[i].file_name, known);
      numbers.push_back(known);
    } else {
      ++counts_[pages_[known].split.empty() ? "page: left out before" : "page: in another split"];
      numbers.push_back(kNone);
    }
  }
  return numbers;
}

int ImportSink::store(IncomingPage&& page, NewPage& decoded) {
  if (!decoded.error && !decoded.is_new) {  // the same image failed before in this batch
    decoded.error = Error(ErrorCode::kBadInput, page.where + ": its image cannot be read");
  }
  if (decoded.error) {
    if (!options_.keep_going) throw *decoded.error;
    log_warning("{}", decoded.error->what());
    failed_.emplace_back(decoded.error->what());
    drop(page.where, "image cannot be read");
    bury(identity(page, decoded.hash));
    return kNone;
  }
  const std::string own_id = page_id_in(page.file_name);
  PageId id = own_id.empty() ? PageId{decoded.hash, 1} : *parse_page_id(own_id);
  std::string page_id = make_page_id(id.document_id, id.page_number);
  if (options_.for_evaluation) {
    page_id = kept_page_id(page, page_id);
    // One image under two ids: two pages, so two documents.
    if (own_id.empty() && documents_.count(id.document_id) != 0) {
      id.document_id = sha256_hex(page_id + decoded.hash);
    }
  }
  // A page that says which document it is from is of that document's family.
  const std::string key = !page.document.empty() ? "document " + page.document : id.document_id;
  Family& family = families_.try_emplace(key, Family{page.split, id.document_id}).first->second;
  if (family.split != page.split || !page_ids_.insert(page_id).second) {
    drop(page_id, "page: its document is in another split");
    bury(identity(page, decoded.hash));
    return kNone;
  }
  family.smallest_id = std::min(family.smallest_id, id.document_id);
  const int number = static_cast<int>(pages_.size());
  pages_.push_back({page_id, page.split});
  ++stored_;
  if (page.is_text) ++texts_;
  page_by_identity_[identity(page, decoded.hash)] = number;
  if (!page.file_name.empty()) page_by_name_[page.file_name] = number;
  PageRow row;
  row.page_id = page_id;
  row.document_id = id.document_id;
  row.page_number = id.page_number;
  row.image = decoded.upright.empty() ? std::move(page.image) : std::move(decoded.upright);
  if (!decoded.upright.empty()) ++counts_["page: turned upright and encoded again"];
  row.width = decoded.width;
  row.height = decoded.height;
  row.text = replace_invalid_utf8(page.text);
  row.text_source = page.text.empty() ? "none" : "text_layer";
  row.language = page.language;
  row.perceptual_hash = decoded.perceptual_hash;
  note_document(row, page, key);
  writer_.add(page.split, row);
  writer_.add("audit", AuditRow{page_id, kStage, "kept", "page", 0, 0});
  return number;
}

void ImportSink::bury(const std::string& identity) {
  page_by_identity_[identity] = static_cast<int>(pages_.size());
  pages_.push_back({});
}

void ImportSink::note_document(const PageRow& row, const IncomingPage& page,
                               const std::string& family) {
  auto& [document, key] = documents_[row.document_id];
  if (document.document_id.empty()) {
    document.document_id = row.document_id;
    const bool named = options_.for_evaluation && !page.document.empty();
    const std::string& unnamed = named ? page.document : page.file_name;
    document.source_name = replace_invalid_utf8(page.source.empty() ? unnamed : page.source);
    document.language = row.language;
    document.split = page.split;
    key = family;
  }
  ++document.pages;
}

std::string ImportSink::free_query_id(const std::string& split, const std::string& id) const {
  if (query_ids_.count(id) == 0) return id;
  std::string free = split + "-" + id;
  for (int i = 2; query_ids_.count(free) != 0; ++i) free = fmt::format("{}-{}-{}", split, id, i);
  return free;
}

int ImportSink::add_query_by_id(const std::string& split, const std::string& id,
                                const std::string& text, const std::string& language) {
  const std::string clean = replace_invalid_utf8(trimmed(text));
  if (clean.empty()) {
    drop(id, "query: no text");
    return kNone;
  }
  const auto& known = split_of_query_.try_emplace(plain_query(clean), split).first->second;
  if (known != split) {
    drop(id.empty() ? query_id_of(clean) : id, "query: in another split");
    return kNone;
  }
  StoredQuery query;
  query.split = split;
  const bool of_text = id.empty() || (options_.for_evaluation && !is_word(id));
  query.row.query_id =
      free_query_id(split, of_text ? query_id_of(clean) : replace_invalid_utf8(id));
  query_ids_.insert(query.row.query_id);
  query.row.query = clean;
  query.row.language = language;
  query.row.kind = "imported";
  query.row.method = options_.method;
  query.row.generator_version = recto_version();
  queries_.push_back(std::move(query));
  return static_cast<int>(queries_.size()) - 1;
}

int ImportSink::add_query(const std::string& split, const std::string& id, const std::string& text,
                          const std::string& language) {
  const std::string key = split + "\n" + replace_invalid_utf8(trimmed(text));
  const auto known = query_by_text_.find(key);
  if (known != query_by_text_.end()) return known->second;
  const int number = add_query_by_id(split, id, text, language);
  query_by_text_[key] = number;
  return number;
}

void ImportSink::add_answer(int query, int page, int score) {
  if (query == kNone) return;
  StoredQuery& stored = queries_[query];
  if (page == kNone || pages_[page].split != stored.split) {
    stored.lost_answer = true;
    ++counts_["answer: its page is not in the split"];
    return;
  }
  for (auto& [known, grade] : stored.answers) {
    if (known != page) continue;
    grade = std::max(grade, score);
    return;
  }
  stored.answers.emplace_back(page, score);
}

void ImportSink::add_absent_answer(int query, const std::string& page_id, int score) {
  if (query == kNone) return;
  ++counts_["judgement: its page is not in the corpus; none finds it"];
  const auto [known, fresh] = queries_[query].absent.try_emplace(page_id, score);
  if (!fresh) known->second = std::max(known->second, score);
}

void ImportSink::add_negative(int query, int page) {
  if (query == kNone) return;
  StoredQuery& stored = queries_[query];
  if (page == kNone || pages_[page].split != stored.split) {
    ++counts_["negative: its page is not in the split"];
    return;
  }
  auto& negatives = stored.negatives;
  if (std::find(negatives.begin(), negatives.end(), page) == negatives.end()) {
    negatives.push_back(page);
  }
}

void ImportSink::write_queries() {
  for (const StoredQuery& query : queries_) {
    const auto answers = std::count_if(query.answers.begin(), query.answers.end(),
                                       [](const auto& answer) { return answer.second > 0; });
    const std::string& id = query.row.query_id;
    const bool is_judged =
        options_.for_evaluation && !(query.answers.empty() && query.absent.empty());
    if (answers == 0 && !is_judged) {
      drop(id, query.lost_answer ? "query: its pages are not in the split" : "query: no answer");
      ++unanswered_[query.split];
      continue;
    }
    writer_.add(query.split, query.row);
    writer_.add("audit", AuditRow{id, kStage, "kept", "query", static_cast<double>(answers), 1});
    for (const auto& [page, score] : query.answers) {
      writer_.add(query.split, QrelRow{id, pages_[page].page_id, score});
    }
    for (const auto& [page, score] : query.absent) {
      absent_[query.split].push_back({id, page, score});
    }
    int rank = 0;
    for (const int page : query.negatives) {
      const bool answer = std::any_of(
          query.answers.begin(), query.answers.end(),
          [&, p = page](const auto& pair) { return pair.first == p && pair.second > 0; });
      if (answer) {
        ++counts_["negative: it answers the query"];
        continue;
      }
      writer_.add(query.split, NegativeRow{id, pages_[page].page_id, ++rank, 0, options_.method});
    }
  }
}

void ImportSink::write_documents() {
  for (auto& [id, entry] : documents_) {
    auto& [row, key] = entry;
    row.family = family_name(families_.at(key).smallest_id);
    writer_.add(row.split, row);
  }
}

void ImportSink::finish(Json settings, const std::string& card_body_head) {
  write_queries();
  write_documents();
  std::map<std::string, std::pair<int64_t, int64_t>> splits;
  for (const StoredPage& page : pages_) {
    if (!page.split.empty()) ++splits[page.split].first;
  }
  for (const StoredQuery& query : queries_) ++splits[query.split].second;
  std::string body = card_body_head + "| split | pages | queries read |\n|---|---|---|\n";
  for (const auto& [split, counts] : splits) {
    body += fmt::format("| {} | {} | {} |\n", split, counts.first, counts.second);
  }
  if (!counts_.empty()) body += "\n| left out or changed | items |\n|---|---|\n";
  for (const auto& [reason, count] : counts_) body += fmt::format("| {} | {} |\n", reason, count);
  Json manifest;
  manifest["settings"] = std::move(settings);
  manifest["tools"]["recto"] = recto_version();
  manifest["stages"]["import"] = counts_;
  writer_.finish(std::move(manifest), body);
}

}  // namespace recto
