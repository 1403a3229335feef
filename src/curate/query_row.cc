#include "curate/query_row.h"

namespace recto {

QueryRow query_row(const Candidate& candidate, const CorpusPage& page) {
  QueryRow row;
  row.query = candidate.query;
  row.language = candidate.language.empty() ? page.language : candidate.language;
  row.kind = candidate.kind;
  row.method = candidate.method;
  row.generator_version = candidate.version;
  return row;
}

}  // namespace recto
