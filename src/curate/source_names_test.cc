#include "curate/source_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace recto {
namespace {
using testing::ElementsAre;

/// `archive` bytes of the path are an archive's.
SourcedDocument document(const std::string& id, const std::string& title,
                         const std::string& location, size_t archive = 0) {
  return {id, title, {location, 0, archive, 0}};
}

TEST(SourceNames, TitleElseArchiveElseFolder) {
  EXPECT_THAT(
      name_sources({document("8", "Erlang", "in/erlang/a.pdf"),
                    document("7", "Erlang", "elsewhere/b.pdf"),
                    document("6", "", "in/erlang/c.pdf"), document("5", "", "in/erlang/d.pdf"),
                    document("4", "", "in/erlang/more.zip/x/e.pdf", 18),
                    document("3", "", "in/erlang/more.zip/y/f.pdf", 18),
                    document("2", "", "in/r/g.pdf"), document("1", "", "h.pdf")}),
      ElementsAre("title Erlang", "title Erlang", "5", "5", "3", "3", "2", "1"));
}

TEST(SourceNames, DependNeitherOnPlacesNorOnOrder) {
  std::vector<SourcedDocument> here = {document("2", "", "/a/z/1.pdf"),
                                       document("1", "", "/a/z/2.pdf"),
                                       document("3", "", "/a/y/3.pdf")};
  const std::vector<SourcedDocument> there = {
      document("3", "", "m/3.pdf"), document("1", "", "n/2.pdf"), document("2", "", "n/1.pdf")};
  std::reverse(here.begin(), here.end());
  EXPECT_EQ(name_sources(here), name_sources(there));
}

}  // namespace
}  // namespace recto
