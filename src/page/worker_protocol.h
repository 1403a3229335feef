#pragma once
// What a program and its page worker say to each other. Private to one version of recto: the two
// are installed together. All numbers are little-endian; a "text" is a u32 count of bytes and then
// valid UTF-8; nothing is aligned or padded.
//
// The worker has five descriptors when it starts:
//   0  requests (a stream socket)       1  answers (a pipe)       2  /dev/null
//   3  the document, open for reading   4  shared memory for pixels, of fixed size
//
// Request, 24 bytes:  u32 "RPQ2", u32 kind, i32 page (from 1), i32 longest edge or probe flags,
//                     u32 bytes of payload, u32 0; then the payload
// Answer, 16 bytes:   u32 "RPA2", u32 status, u64 bytes of payload; then the payload
//
// The first request is an open or a probe; render and text follow an open, any number of times,
// one at a time. A closed socket ends the worker.
//
// kind 1 open    payload: i64 pixels at most, i32 side at most, i32 pages at most, u64 bytes of
//                image file at most, u64 bytes of file at most, u64 bytes of memory at most,
//                text name for messages
//                answer: u32 1 for a PDF or 0 for an image, i32 pages, text title, text producer,
//                u32 entries, then for each: text title, i32 level, i32 page (0: none)
// kind 2 render  answer: i32 width, i32 height; the RGB pixels are at the start of shared memory
// kind 3 text    answer: text, u32 words, then for each: text, f32 left, top, right, bottom; then
//                text label, of at most 64 characters
// kind 4 probe   flags: 1 without Landlock, 2 without seccomp
//                answer: i32 Landlock version, u32 seccomp, u32 PDFium loaded, text its path or
//                what is wrong, u32 attempts, then for each: text what was tried, i32 errno or 0
// Any answer with a status other than 0 has a text as its payload: the message.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "page/reader.h"

namespace recto {

inline constexpr uint32_t kRequestMagic = 0x32515052;  // "RPQ2"
inline constexpr uint32_t kAnswerMagic = 0x32415052;   // "RPA2"
inline constexpr size_t kRequestBytes = 24;
inline constexpr size_t kAnswerBytes = 16;
inline constexpr uint32_t kMaxRequestPayload = 1u << 16;
inline constexpr uint64_t kMaxAnswerPayload = 64u << 20;
inline constexpr size_t kMaxLabelCharacters = 64;

inline constexpr int kDocumentDescriptor = 3;
inline constexpr int kPixelsDescriptor = 4;

/// Exit status of a worker that ran into its memory limit.
inline constexpr int kExitOutOfMemory = 99;

enum class RequestKind : uint32_t { kOpen = 1, kRender = 2, kText = 3, kProbe = 4 };

inline constexpr int32_t kProbeWithoutLandlock = 1;
inline constexpr int32_t kProbeWithoutSeccomp = 2;

struct Request {
  RequestKind kind = RequestKind::kOpen;
  int32_t page = 0;
  int32_t argument = 0;
  std::string payload;
};

struct OpenRequest {
  PageLimits limits;
  std::string name;
};

struct OpenAnswer {
  bool is_pdf = false;
  int page_count = 0;
  std::string title;
  std::string producer;
  std::vector<OutlineEntry> outline;
};

struct RenderAnswer {
  int width = 0;
  int height = 0;
};

struct ProbeAnswer {
  int landlock_abi = 0;
  bool seccomp = false;
  bool pdfium = false;
  std::string pdfium_path;  ///< or what is wrong
  struct Attempt {
    std::string what;
    int error = 0;  ///< errno, 0 when it succeeded
  };
  std::vector<Attempt> attempts;
};

/// Bytes of shared memory that hold any page under `limits`.
size_t pixel_buffer_bytes(const ImageLimits& limits);

// Writers. Texts must be valid UTF-8.
std::string encode(const Request& request);
std::string encode(const OpenRequest& request);
std::string encode(const OpenAnswer& answer);
std::string encode(const RenderAnswer& answer);
std::string encode(const PageText& answer);
std::string encode(const ProbeAnswer& answer);
std::string answer_header(uint32_t status, uint64_t payload_bytes);

/// Status of an error: 1 bad_input, 2 limit, 3 unsupported, 4 not_found, 5 anything else.
uint32_t status_of(ErrorCode code);
ErrorCode error_of(uint32_t status);

// Readers. The answers come from a process that a hostile document may have taken over: each
// throws Error(kBadInput) for anything malformed or out of range, and allocates no more than a
// small multiple of `bytes`.
struct AnswerHeader {
  uint32_t status;
  uint64_t payload_bytes;
};
/// The first 16 bytes of an answer.
AnswerHeader decode_answer_header(std::string_view bytes);
OpenRequest decode_open_request(std::string_view bytes);
OpenAnswer decode_open_answer(std::string_view bytes, const PageLimits& limits);
RenderAnswer decode_render_answer(std::string_view bytes, const ImageLimits& limits);
PageText decode_text_answer(std::string_view bytes);
ProbeAnswer decode_probe_answer(std::string_view bytes);
/// The message of an error answer as one line of printable UTF-8 of at most 2,000 bytes.
std::string decode_message(std::string_view bytes);

}  // namespace recto
