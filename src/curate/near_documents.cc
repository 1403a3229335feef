#include "curate/near_documents.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "base/interrupt.h"

namespace recto {
namespace {

/// A document's pages in one group.
struct Presence {
  uint32_t document;
  uint32_t pages;
};

using GroupMembers = std::vector<std::vector<Presence>>;

/// Per group its documents, ascending.
GroupMembers members_of_groups(const NearDuplicates& near,
                               std::span<const uint32_t> document_of_page) {
  std::vector<std::map<uint32_t, uint32_t>> counts(near.group_names.size());
  for (size_t i = 0; i < near.group.size(); ++i) {
    if (near.group[i] != kNoGroup) ++counts[near.group[i]][document_of_page[i]];
  }
  GroupMembers members;
  for (const auto& documents : counts) {
    members.emplace_back();
    for (const auto& [document, pages] : documents) members.back().push_back({document, pages});
  }
  return members;
}

bool spans_many(const std::vector<Presence>& members,
                std::span<const std::string> family_of_document, int many) {
  std::set<std::string_view> families;
  for (const Presence& member : members) families.insert(family_of_document[member.document]);
  return static_cast<int>(families.size()) >= many;
}

}  // namespace

DocumentLinks link_documents(const NearDuplicates& near, std::span<const uint32_t> document_of_page,
                             std::span<const std::string> family_of_document,
                             const DocumentLinkRule& rule) {
  RECTO_CHECK(document_of_page.size() == near.group.size());
  std::vector<uint32_t> pages(family_of_document.size(), 0);
  for (const uint32_t document : document_of_page) ++pages[document];
  const GroupMembers members = members_of_groups(near, document_of_page);
  DocumentLinks out;
  // The groups that each document has pages in.
  std::vector<std::vector<size_t>> groups_of(family_of_document.size());
  for (size_t group = 0; group < members.size(); ++group) {
    const bool boilerplate =
        near.group_names[group] == kBlankGroup ||
        spans_many(members[group], family_of_document, rule.boilerplate_families);
    out.boilerplate.push_back(boilerplate ? 1 : 0);
    if (boilerplate) continue;
    for (const Presence& member : members[group]) groups_of[member.document].push_back(group);
  }
  for (size_t a = 0; a < groups_of.size(); ++a) {
    throw_if_interrupted();
    // Pages of a in groups with b, and of b in groups with a.
    std::map<uint32_t, std::pair<uint32_t, uint32_t>> shared;
    for (const size_t group : groups_of[a]) {
      const auto own = std::lower_bound(
          members[group].begin(), members[group].end(), a,
          [](const Presence& member, size_t document) { return member.document < document; });
      for (const Presence& other : members[group]) {
        if (other.document <= a) continue;
        if (family_of_document[other.document] == family_of_document[a]) continue;
        auto& [of_a, of_b] = shared[other.document];
        of_a += own->pages;
        of_b += other.pages;
      }
    }
    for (const auto& [b, both] : shared) {
      const double share_a = static_cast<double>(both.first) / pages[a];
      const double share_b = static_cast<double>(both.second) / pages[b];
      if (std::max(share_a, share_b) >= rule.min_share) out.links.emplace_back(a, b);
    }
  }
  return out;
}

}  // namespace recto
