#include "search/lexical_index.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "search/bm25.h"
#include "search/lexical_words.h"
#include "search/sqlite.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

/// What a word costs in memory beside its letters and postings: map node, two strings.
constexpr int64_t kWordOverhead = 128;
/// FTS5's floor for words in more than half of the texts.
constexpr double kMinIdf = 1e-6;

/// LEB128.
void append_number(std::string& out, uint32_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

uint32_t read_number(std::string_view bytes, size_t& at) {
  uint32_t value = 0;
  for (int shift = 0; at < bytes.size() && shift < 32; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    value |= static_cast<uint32_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) break;
  }
  return value;
}

/// The texts that have a word, gathered so far: differences of text numbers, and counts.
struct Gathered {
  std::string bytes;
  int32_t texts = 0;
  int32_t last = 0;
};

void prepare(Database& database) {
  database.execute("PRAGMA page_size = 16384");
  // The file can be made again at any time.
  database.execute("PRAGMA journal_mode = OFF");
  database.execute("PRAGMA synchronous = OFF");
  database.execute(
      "CREATE TABLE postings(word TEXT, chunk INTEGER, texts INTEGER, data BLOB, "
      "PRIMARY KEY(word, chunk)) WITHOUT ROWID");
}

fs::path removed(const fs::path& file) {
  std::error_code problem;
  fs::remove(file, problem);
  if (problem) fail_errno(problem.value(), fmt::format("remove {}", file.string()));
  return file;
}

}  // namespace

struct LexicalIndex::State {
  fs::path file;
  int64_t budget;
  Database database;
  WordTokenizer tokenizer;
  std::unordered_map<std::string, Gathered> words;
  int64_t gathered_bytes = 0;
  int64_t chunks = 0;
  std::vector<uint32_t> lengths;
  uint64_t total_length = 0;

  State(fs::path where, int64_t memory)
      : file(std::move(where)), budget(memory), database(removed(file), Database::Mode::kCreate) {
    prepare(database);
  }

  void add(std::string_view text) {
    const auto number = static_cast<int32_t>(lengths.size());
    std::unordered_map<std::string, uint32_t> counts;
    uint32_t length = 0;
    for_each_lexical_word(tokenizer, text, [&](std::string_view word) {
      ++counts[std::string(word)];
      return ++length < std::numeric_limits<uint32_t>::max();
    });
    for (const auto& [word, count] : counts) gather(word, number, count);
    lengths.push_back(length);
    total_length += length;
    if (gathered_bytes > budget) flush();
  }

  void gather(const std::string& word, int32_t number, uint32_t count) {
    const auto [found, added] = words.try_emplace(word);
    if (added) gathered_bytes += kWordOverhead + std::ssize(word);
    Gathered& gathered = found->second;
    const size_t before = gathered.bytes.size();
    append_number(gathered.bytes, static_cast<uint32_t>(number - gathered.last));
    append_number(gathered.bytes, count);
    gathered.last = number;
    ++gathered.texts;
    gathered_bytes += static_cast<int64_t>(gathered.bytes.size() - before);
  }

  /// k1 * (1 - b + b * length / mean length) of each text
  std::vector<double> norms(const Bm25Parameters& parameters) const {
    const double mean = static_cast<double>(total_length) /
                        static_cast<double>(std::max<size_t>(lengths.size(), 1));
    std::vector<double> norms;
    norms.reserve(lengths.size());
    for (const uint32_t length : lengths) {
      const double share = mean > 0 ? length / mean : 0;
      norms.push_back(parameters.k1 * (1 - parameters.b + parameters.b * share));
    }
    return norms;
  }

  void flush() {
    std::vector<const std::pair<const std::string, Gathered>*> sorted;
    sorted.reserve(words.size());
    for (const auto& entry : words) sorted.push_back(&entry);
    std::sort(sorted.begin(), sorted.end(),
              [](const auto* a, const auto* b) { return a->first < b->first; });
    Transaction transaction(database);
    Statement insert(database, "INSERT INTO postings VALUES(?1, ?2, ?3, ?4)");
    for (const auto* entry : sorted) {
      insert.bind(1, entry->first).bind(2, chunks).bind(3, int64_t{entry->second.texts});
      insert.bind_blob(4, entry->second.bytes).step();
      insert.reset();
    }
    transaction.commit();
    throw_if_interrupted();
    ++chunks;
    words.clear();
    gathered_bytes = 0;
  }
};

LexicalIndex::LexicalIndex(fs::path file, int64_t memory_bytes)
    : state_(std::make_unique<State>(std::move(file), memory_bytes)) {}
LexicalIndex::~LexicalIndex() = default;

void LexicalIndex::add(std::string_view text) { state_->add(text); }

void LexicalIndex::finish() {
  if (!state_->words.empty()) state_->flush();
  state_->words = {};  // gives its buckets back too
}

int32_t LexicalIndex::size() const { return static_cast<int32_t>(state_->lengths.size()); }
uint32_t LexicalIndex::length(int32_t text) const { return state_->lengths[text]; }
const fs::path& LexicalIndex::file() const { return state_->file; }

struct LexicalSearcher::State {
  Database database;
  WordTokenizer tokenizer;
  Statement select;
  double k1;
  std::vector<double> norms;        ///< of each text, see LexicalIndex::State::norms()
  std::vector<double> scores;       ///< of each text, 0 where not in `found`
  std::vector<int32_t> found;       ///< texts with a score
  std::vector<std::string> chunks;  ///< postings of the word at hand

  State(const LexicalIndex::State& of, const Bm25Parameters& parameters)
      : database(of.file, Database::Mode::kReadOnly),
        select(database, "SELECT texts, data FROM postings WHERE word = ?1 ORDER BY chunk"),
        k1(parameters.k1),
        norms(of.norms(parameters)),
        scores(of.lengths.size()) {}

  /// Reads all postings of a word; returns how many texts have it.
  int64_t read_chunks(const std::string& word) {
    chunks.clear();
    int64_t texts = 0;
    select.bind(1, word);
    while (select.step()) {
      texts += select.integer(0);
      chunks.push_back(select.text(1));
    }
    select.reset();
    return texts;
  }

  void add_word(const std::string& word) {
    const auto texts = static_cast<double>(scores.size());
    const auto with = static_cast<double>(read_chunks(word));
    const double idf = std::max(std::log((texts - with + 0.5) / (with + 0.5)), kMinIdf);
    const double factor = idf * (k1 + 1);
    for (const std::string& bytes : chunks) {
      int32_t text = 0;  // each chunk counts from 0
      for (size_t at = 0; at < bytes.size();) {
        text += static_cast<int32_t>(read_number(bytes, at));
        const double count = read_number(bytes, at);
        if (text < 0 || text >= std::ssize(scores)) {
          fail(ErrorCode::kBadInput, "{}: damaged: it names a text that is not there",
               database.name());
        }
        double& score = scores[text];
        if (score == 0) found.push_back(text);
        score += factor * count / (count + norms[text]);
      }
    }
  }

  bool better(int32_t a, int32_t b) const {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  }
};

LexicalSearcher::LexicalSearcher(const LexicalIndex& index, Bm25Parameters parameters)
    : state_(std::make_unique<State>(*index.state_, parameters)) {}
LexicalSearcher::~LexicalSearcher() = default;

void LexicalSearcher::score(std::string_view query) {
  for (const int32_t text : state_->found) state_->scores[text] = 0;
  state_->found.clear();
  std::vector<std::string> words;
  std::unordered_set<std::string> seen;
  for_each_lexical_word(state_->tokenizer, query, [&](std::string_view word) {
    if (seen.emplace(word).second) words.emplace_back(word);
    return words.size() < kMaxQueryWords;
  });
  for (const std::string& word : words) state_->add_word(word);
}

double LexicalSearcher::score_of(int32_t text) const { return state_->scores[text]; }

std::vector<LexicalHit> LexicalSearcher::best(int k, std::span<const uint8_t> allowed) const {
  const auto better = [](const LexicalHit& a, const LexicalHit& b) {
    return a.score != b.score ? a.score > b.score : a.text < b.text;
  };
  std::vector<LexicalHit> heap;  // the worst on top
  const auto most = static_cast<size_t>(std::max(k, 0));
  for (const int32_t text : state_->found) {
    if (most == 0 || (!allowed.empty() && allowed[text] == 0)) continue;
    const LexicalHit hit{text, state_->scores[text]};
    if (heap.size() == most) {
      if (!better(hit, heap.front())) continue;
      std::pop_heap(heap.begin(), heap.end(), better);
      heap.back() = hit;
    } else {
      heap.push_back(hit);
    }
    std::push_heap(heap.begin(), heap.end(), better);
  }
  std::sort(heap.begin(), heap.end(), better);
  return heap;
}

int64_t LexicalSearcher::best_rank(std::span<const int32_t> texts) const {
  int32_t best = -1;
  for (const int32_t text : texts) {
    if (state_->scores[text] > 0 && (best < 0 || state_->better(text, best))) best = text;
  }
  if (best < 0) return 0;
  return 1 + std::count_if(state_->found.begin(), state_->found.end(),
                           [&](int32_t text) { return state_->better(text, best); });
}

}  // namespace recto
