#include "page/worker_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "base/error.h"

namespace recto {
namespace {
using testing::HasSubstr;

OpenAnswer an_open_answer() {
  OpenAnswer answer;
  answer.is_pdf = true;
  answer.page_count = 12;
  answer.title = "Été";
  answer.producer = "by hand";
  answer.outline = {{"One", 0, 1}, {"", 3, 0}};
  return answer;
}

PageText a_text_answer() {
  return {"Hello\nworld", {{"Hello", 0, 0.25f, 0.5f, 1}, {"world", 0, 0, 0, 0}}, "xii"};
}

TEST(WorkerProtocol, AnswersSurviveTheWay) {
  const OpenAnswer open = decode_open_answer(encode(an_open_answer()), {});
  EXPECT_TRUE(open.is_pdf);
  EXPECT_EQ(open.page_count, 12);
  EXPECT_EQ(open.title, "Été");
  EXPECT_EQ(open.producer, "by hand");
  ASSERT_EQ(open.outline.size(), 2u);
  EXPECT_EQ(open.outline[1].level, 3);
  const PageText text = decode_text_answer(encode(a_text_answer()));
  EXPECT_EQ(text.text, "Hello\nworld");
  EXPECT_EQ(text.words.at(0).bottom, 1.0f);
  EXPECT_EQ(text.label, "xii");
  const RenderAnswer size = decode_render_answer(encode(RenderAnswer{30, 40}), {});
  EXPECT_EQ(size.width, 30);
  EXPECT_EQ(size.height, 40);
}

TEST(WorkerProtocol, RequestsHaveTheDocumentedBytes) {
  Request request;
  request.kind = RequestKind::kText;
  request.page = 258;
  request.argument = -1;
  request.payload = "xy";
  EXPECT_EQ(encode(request),
            std::string("RPQ2\3\0\0\0\2\1\0\0\xFF\xFF\xFF\xFF\2\0\0\0\0\0\0\0xy", 26));
  EXPECT_EQ(answer_header(2, 5), std::string("RPA2\2\0\0\0\5\0\0\0\0\0\0\0", 16));
}

TEST(WorkerProtocol, OpenRequestCarriesTheLimits) {
  OpenRequest request;
  request.limits.image.max_pixels = 1;
  request.limits.image.max_side = 2;
  request.limits.max_pages = 3;
  request.limits.image.max_bytes = 4;
  request.limits.max_file_bytes = 5;
  request.limits.max_memory_bytes = 6;
  request.name = "n";
  const OpenRequest got = decode_open_request(encode(request));
  EXPECT_EQ(got.limits.image.max_pixels, 1);
  EXPECT_EQ(got.limits.image.max_side, 2);
  EXPECT_EQ(got.limits.max_pages, 3);
  EXPECT_EQ(got.limits.image.max_bytes, 4u);
  EXPECT_EQ(got.limits.max_file_bytes, 5u);
  EXPECT_EQ(got.limits.max_memory_bytes, 6u);
  EXPECT_EQ(got.name, "n");
}

void expect_malformed(const std::function<void()>& decode, const char* reason) {
  try {
    decode();
    FAIL() << "taken as well formed, wanted: " << reason;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
    EXPECT_THAT(error.what(), HasSubstr(reason));
  }
}

TEST(WorkerProtocol, EveryTruncationIsMalformed) {
  const std::string open = encode(an_open_answer());
  for (size_t size = 0; size < open.size(); ++size) {
    EXPECT_THROW(decode_open_answer(open.substr(0, size), {}), Error) << size;
  }
  const std::string text = encode(a_text_answer());
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_THROW(decode_text_answer(text.substr(0, size)), Error) << size;
  }
  expect_malformed([&] { decode_open_answer(open + "x", {}); }, "too long");
  expect_malformed([&] { decode_text_answer(text + "x"); }, "too long");
}

TEST(WorkerProtocol, WhatIsOutOfRangeIsMalformed) {
  const auto open = [](const std::function<void(OpenAnswer&)>& change) {
    OpenAnswer answer = an_open_answer();
    change(answer);
    return [bytes = encode(answer)] { decode_open_answer(bytes, {}); };
  };
  expect_malformed(open([](OpenAnswer& a) { a.page_count = 0; }), "out of range");
  expect_malformed(open([](OpenAnswer& a) { a.page_count = 20'001; }), "out of range");
  expect_malformed(open([](OpenAnswer& a) { a.is_pdf = false; }), "out of range");
  expect_malformed(open([](OpenAnswer& a) { a.outline[0].page = 13; }), "out of range");
  expect_malformed(open([](OpenAnswer& a) { a.outline[0].level = -1; }), "out of range");
  expect_malformed(open([](OpenAnswer& a) { a.title = "\xC0\xAF"; }), "not UTF-8");
  for (const float value : {-0.1f, 1.1f, std::nanf(""), std::numeric_limits<float>::infinity()}) {
    PageText answer = a_text_answer();
    answer.words[1].right = value;
    expect_malformed([&] { decode_text_answer(encode(answer)); }, "outside the page");
  }
  PageText labelled = a_text_answer();
  labelled.label = std::string(257, '1');
  expect_malformed([&] { decode_text_answer(encode(labelled)); }, "label too long");
  for (const RenderAnswer size : {RenderAnswer{0, 5}, {5, -1}, {30'001, 1}, {30'000, 30'000}}) {
    EXPECT_THROW(decode_render_answer(encode(size), {}), Error);
  }
}

TEST(WorkerProtocol, CountsAreCheckedBeforeTheyAreBelieved) {
  std::string text = encode(PageText{});
  text.replace(4, 4, "\xFF\xFF\xFF\xFF");
  expect_malformed([&] { decode_text_answer(text); }, "more entries than bytes");
  expect_malformed([&] { decode_answer_header(answer_header(0, kMaxAnswerPayload + 1)); },
                   "too long");
  expect_malformed([&] { decode_answer_header(std::string(16, 'x')); }, "no answer");
}

TEST(WorkerProtocol, MessagesAreMadeHarmless) {
  EXPECT_EQ(decode_message("plain"), "plain");
  EXPECT_EQ(decode_message("a\n\x1B[31m\xC2\x9B"), "a  [31m ");
  EXPECT_EQ(decode_message("\xFF"), "\xEF\xBF\xBD");
  EXPECT_LE(decode_message(std::string(100'000, 'x')).size(), 2000u);
}

TEST(WorkerProtocol, ErrorsKeepTheirKind) {
  for (const ErrorCode code : {ErrorCode::kBadInput, ErrorCode::kLimit, ErrorCode::kUnsupported,
                               ErrorCode::kNotFound, ErrorCode::kInternal}) {
    EXPECT_EQ(error_of(status_of(code)), code);
  }
  EXPECT_EQ(error_of(4'000'000'000u), ErrorCode::kInternal);
}

}  // namespace
}  // namespace recto
