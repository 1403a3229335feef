#include "serve/api_error.h"

#include "base/json.h"

namespace recto {
namespace {

const char* openai_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 404:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    default:
      return status < 500 ? "invalid_request_error" : "server_error";
  }
}

const char* tei_type(int status) {
  switch (status) {
    case 400:
      return "Empty";
    case 401:
      return "Unauthorized";
    case 424:
      return "Backend";
    case 429:
      return "Overloaded";
    case 503:
      return "Unhealthy";
    default:
      return "Validation";
  }
}

Json body_of(ApiStyle style, int status, const std::string& message) {
  switch (style) {
    case ApiStyle::kCohere:
      return {{"message", message}};
    case ApiStyle::kTei:
      return {{"error", message}, {"error_type", tei_type(status)}};
    default:
      return {{"error",
               {{"message", message},
                {"type", openai_type(status)},
                {"param", nullptr},
                {"code", status == 404 ? Json("not_found") : Json(nullptr)}}}};
  }
}

}  // namespace

int status_of(ErrorCode code, ApiStyle style) {
  switch (code) {
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kLimit:
      return 413;
    case ErrorCode::kInterrupted:
      return 503;
    case ErrorCode::kIo:
    case ErrorCode::kInternal:
      return style == ApiStyle::kTei ? 424 : 500;
    default:
      return style == ApiStyle::kTei ? 422 : 400;
  }
}

HttpResponse error_response(ApiStyle style, int status, const std::string& message) {
  return {.status = status, .body = dump_json(body_of(style, status, message))};
}

}  // namespace recto
