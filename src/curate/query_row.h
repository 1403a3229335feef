#pragma once
// Candidates as rows of the table of queries.

#include "curate/corpus.h"
#include "curate/document.h"
#include "data/dataset.h"

namespace recto {

/// The candidate as a query, in its own language or in that of `page`; query_id is empty.
QueryRow query_row(const Candidate& candidate, const CorpusPage& page);

}  // namespace recto
