#pragma once
// What the tests of the endpoint generator share.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/file.h"
#include "curate/audit.h"
#include "curate/document.h"
#include "curate/endpoint_settings.h"
#include "curate/test_chat_server.h"
#include "page/encode.h"

namespace recto::test {

/// A server for the tests of a program, a cache for each test, and pages to ask for.
class EndpointTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
    server_ = new ChatServer();
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }

  EndpointSettings settings(const std::string& steps) const {
    EndpointSettings settings;
    settings.url = server_->url(steps);
    settings.model = "test-model";
    settings.cache = directory_.path() / "cache";
    settings.longest_edge = 64;
    settings.request_timeout = 30;
    settings.first_backoff = 0.001;
    settings.longest_backoff = 0.01;
    settings.price_input = 3;
    settings.price_output = 10;
    return settings;
  }

  static CuratedDocument document(int pages) {
    CuratedDocument document;
    document.document_id = std::string(64, 'd');
    for (int number = 1; number <= pages; ++number) {
      CuratedPage page;
      page.number = number;
      page.language = "en";
      document.pages.push_back(page);
    }
    return document;
  }

  /// A picture that differs from page to page.
  static std::string jpeg(const CuratedPage& page) {
    Image image{64, 48, std::vector<uint8_t>(size_t{64} * 48 * 3, 255)};
    for (size_t i = 0; i < image.rgb.size() / 2; ++i) {
      image.rgb[i] = static_cast<uint8_t>(i * static_cast<size_t>(page.number) / 8);
    }
    return encode_jpeg(image, 90);
  }

  static std::string reason(const Audit& audit, size_t row = 0) {
    return audit.rows().at(row).reason;
  }

  TemporaryDirectory directory_;
  inline static ChatServer* server_ = nullptr;
};

}  // namespace recto::test
