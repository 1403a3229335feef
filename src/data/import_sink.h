#pragma once
// Pages, queries and answers of another tool's dataset, on their way into a recto dataset.

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/dataset.h"

namespace recto {

/// A page as another tool's dataset has it.
struct IncomingPage {
  std::string split;
  std::string image;      ///< encoded
  bool is_text = false;   ///< there is no image to be had, `text` is all of the page
  std::string file_name;  ///< what the source calls it; one that is PAGE_ID.jpg gives the page's id
  std::string source;     ///< the file the page is from, when it is known
  std::string document;   ///< pages with the same text here are of one family; "" for none
  std::string text;
  std::string language;
  bool by_file_name = false;  ///< one file_name is one page, whatever its bytes
  std::string where;          ///< names it in messages: "FILE row 3"
};

struct ImportSinkOptions {
  int threads = 1;          ///< images decoded at a time, each in a worker process
  bool keep_going = false;  ///< an image that cannot be read is dropped; otherwise it ends the run
  bool for_evaluation = false;  ///< as in ImportOptions
  std::string method;           ///< of the queries and negatives: "import-ogc"
};

/// Writes a dataset from what is added, split by split in the order of by_precedence: what occurs
/// in an earlier split stays there only.
///
/// A page whose file name is a page's id (data/page_id.h), as in exports of recto, keeps it. Any
/// other's id is the SHA-256 of its image and "-1": an image is one page, whoever names it. The
/// family of a page is that of all pages with the same `document`.
class ImportSink {
 public:
  static constexpr int kNone = -1;

  ImportSink(const std::filesystem::path& directory, ImportSinkOptions options);

  /// Stores the pages that are new. Gives each one's number, or kNone for one whose image cannot be
  /// read or whose document is in another split. Throws Error(kBadInput | kLimit) for a bad image
  /// unless keep_going.
  std::vector<int> add_pages(std::vector<IncomingPage>&& pages);

  /// The query of that text in `split`, new or known; kNone when it is empty or in another split.
  /// `id` is taken as it is unless another query has it; "" makes one of the text.
  int add_query(const std::string& split, const std::string& id, const std::string& text,
                const std::string& language);
  /// A new query, whatever others say the same.
  int add_query_by_id(const std::string& split, const std::string& id, const std::string& text,
                      const std::string& language);
  /// Numbers may be kNone. Of several scores of a pair the highest is kept.
  void add_answer(int query, int page, int score);
  /// For an evaluation: a judgement of a page that the corpus does not have.
  void add_absent_answer(int query, const std::string& page_id, int score);
  void add_negative(int query, int page);

  /// Writes what is left and the manifest. Queries without an answer above 0 are dropped; for an
  /// evaluation those without a judgement. `counts` are of what was left out, by reason.
  void finish(Json settings, const std::string& card_body_head);

  const std::map<std::string, int64_t>& counts() const { return counts_; }
  void count(const std::string& reason) { ++counts_[reason]; }
  const std::map<std::string, int64_t>& unanswered() const { return unanswered_; }
  /// What add_absent_answer() took, by split.
  const std::map<std::string, std::vector<QrelRow>>& absent() const { return absent_; }
  const std::vector<std::string>& failed() const { return failed_; }
  bool for_evaluation() const { return options_.for_evaluation; }
  int64_t pages() const { return stored_; }
  int64_t texts() const { return texts_; }  ///< pages that are texts alone

 private:
  struct StoredPage {
    std::string page_id;
    std::string split;  ///< "" for one that was left out
  };
  struct StoredQuery {
    QueryRow row;
    std::string split;
    std::vector<std::pair<int, int>> answers;  ///< page, score; in order of appearance
    std::map<std::string, int> absent;         ///< scores of pages that are not there
    std::vector<int> negatives;
    bool lost_answer = false;  ///< a page that answers it could not be had
  };
  struct Family {
    std::string split;
    std::string smallest_id;
  };
  struct NewPage;

  std::vector<NewPage> decode_new(std::vector<IncomingPage>& pages);
  int known_page(const IncomingPage& page, const std::string& hash) const;
  int store(IncomingPage&& page, NewPage& decoded);
  /// Remembers a page that is left out, so that it is not looked at again.
  void bury(const std::string& identity);
  /// What two pages that are one have in common.
  std::string identity(const IncomingPage& page, const std::string& hash) const;
  /// The id of a page that is stored for an evaluation: the source's, or `usual` when that is no
  /// word; with a number where another page has it.
  std::string kept_page_id(const IncomingPage& page, const std::string& usual) const;
  void note_document(const PageRow& row, const IncomingPage& page, const std::string& family);
  std::string free_query_id(const std::string& split, const std::string& id) const;
  void drop(const std::string& item, const std::string& reason);
  void write_queries();
  void write_documents();

  ImportSinkOptions options_;
  DatasetWriter writer_;
  std::vector<StoredPage> pages_;
  std::vector<StoredQuery> queries_;
  std::unordered_map<std::string, int> page_by_identity_;
  std::unordered_map<std::string, int> page_by_name_;
  std::set<std::string> page_ids_;
  std::unordered_map<std::string, int> query_by_text_;           ///< "SPLIT\nTEXT"
  std::unordered_map<std::string, std::string> split_of_query_;  ///< by plain text
  std::set<std::string> query_ids_;
  std::map<std::string, Family> families_;
  std::map<std::string, std::pair<DocumentRow, std::string>> documents_;  ///< row, family's key
  std::map<std::string, int64_t> counts_;
  std::map<std::string, int64_t> unanswered_;
  std::map<std::string, std::vector<QrelRow>> absent_;
  std::vector<std::string> failed_;
  int64_t stored_ = 0;
  int64_t texts_ = 0;
};

}  // namespace recto
