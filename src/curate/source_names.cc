#include "curate/source_names.h"

#include <algorithm>
#include <map>

namespace recto {

namespace {

/// The archive or folder that holds the document.
std::string holder_of(const SourcePlace& place) {
  if (place.in_archive()) return place.location.substr(0, place.archive_end);
  const size_t slash = place.location.rfind('/');
  return slash == std::string::npos ? "" : place.location.substr(0, slash);
}

}  // namespace

std::vector<std::string> name_sources(const std::vector<SourcedDocument>& documents) {
  std::map<std::string, std::string> smallest;  // document id, by holder
  for (const SourcedDocument& document : documents) {
    if (!document.title.empty()) continue;
    std::string& id = smallest[holder_of(document.place)];
    if (id.empty() || document.document_id < id) id = document.document_id;
  }
  std::vector<std::string> names;
  names.reserve(documents.size());
  for (const SourcedDocument& document : documents) {
    names.push_back(document.title.empty() ? smallest.at(holder_of(document.place))
                                           : "title " + document.title);
  }
  return names;
}

}  // namespace recto
