#pragma once
// What a curation's sources are called, so that none of them outweighs the rest (curate/balance.h).

#include <string>
#include <vector>

#include "curate/source_place.h"

namespace recto {

/// A document, and what is known of where it comes from.
struct SourcedDocument {
  std::string document_id;
  std::string title;  ///< SourceFacts::title, "" when --sources gives none
  SourcePlace place;
};

/// The source of each document: the title that --sources gives, else the archive it came in, else
/// the folder it lies in. A source without a title is called after its smallest document id, so
/// that names depend neither on where files lie nor on their order.
std::vector<std::string> name_sources(const std::vector<SourcedDocument>& documents);

}  // namespace recto
