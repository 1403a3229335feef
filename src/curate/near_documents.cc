#include "curate/near_documents.h"

#include <algorithm>
#include <map>
#include <set>

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

/// Per group its documents with pages that say something, ascending.
GroupMembers members_of_groups(const NearDuplicates& near,
                               std::span<const uint32_t> document_of_page,
                               std::span<const uint8_t> sparse) {
  std::vector<std::map<uint32_t, uint32_t>> counts(near.group_names.size());
  for (size_t i = 0; i < near.group.size(); ++i) {
    const bool says_nothing = !sparse.empty() && sparse[i] != 0;
    if (near.group[i] == kNoGroup || says_nothing) continue;
    ++counts[near.group[i]][document_of_page[i]];
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

/// Pages of a in groups with b, and of b in groups with a.
struct Shared {
  uint32_t of_a = 0;
  uint32_t of_b = 0;
};

/// What document `a` shares with each later one.
std::map<uint32_t, Shared> shared_pages(size_t a, const std::vector<size_t>& groups,
                                        const GroupMembers& members) {
  std::map<uint32_t, Shared> shared;
  for (const size_t group : groups) {
    const auto own = std::lower_bound(
        members[group].begin(), members[group].end(), a,
        [](const Presence& member, size_t document) { return member.document < document; });
    for (auto other = own + 1; other != members[group].end(); ++other) {
      shared[other->document].of_a += own->pages;
      shared[other->document].of_b += other->pages;
    }
  }
  return shared;
}

}  // namespace

DocumentLinks link_documents(const NearDuplicates& near, std::span<const uint32_t> document_of_page,
                             std::span<const std::string> family_of_document,
                             std::span<const uint8_t> sparse, const DocumentLinkRule& rule) {
  RECTO_CHECK(document_of_page.size() == near.group.size());
  RECTO_CHECK(sparse.empty() || sparse.size() == near.group.size());
  std::vector<uint32_t> pages(family_of_document.size(), 0);
  for (const uint32_t document : document_of_page) ++pages[document];
  const GroupMembers all = members_of_groups(near, document_of_page, {});
  const GroupMembers members = members_of_groups(near, document_of_page, sparse);
  DocumentLinks out;
  // The groups that each document has pages in.
  std::vector<std::vector<size_t>> groups_of(family_of_document.size());
  for (size_t group = 0; group < members.size(); ++group) {
    const bool boilerplate = members[group].empty() || near.group_names[group] == kBlankGroup ||
                             spans_many(all[group], family_of_document, rule.boilerplate_families);
    out.boilerplate.push_back(boilerplate ? 1 : 0);
    if (boilerplate) continue;
    for (const Presence& member : members[group]) groups_of[member.document].push_back(group);
  }
  for (size_t a = 0; a < groups_of.size(); ++a) {
    throw_if_interrupted();
    for (const auto& [b, shared] : shared_pages(a, groups_of[a], members)) {
      if (family_of_document[b] == family_of_document[a]) continue;
      const double share_a = static_cast<double>(shared.of_a) / pages[a];
      const double share_b = static_cast<double>(shared.of_b) / pages[b];
      if (std::max(share_a, share_b) >= rule.min_share) out.links.emplace_back(a, b);
    }
  }
  return out;
}

}  // namespace recto
