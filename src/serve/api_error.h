#pragma once
// Errors as the clients of each API know them.

#include <string>

#include "base/error.h"
#include "serve/http_message.h"

namespace recto {

enum class ApiStyle {
  kOpenAi,  ///< {"error": {"message", "type", "param", "code"}}
  kCohere,  ///< {"message"}
  kTei,     ///< {"error", "error_type"}
};

/// The status of an error: 400 for what the client got wrong (kTei: 422), 404, 413, 500 (kTei: 424)
/// and, when the server is ending, 503.
int status_of(ErrorCode code, ApiStyle style);

HttpResponse error_response(ApiStyle style, int status, const std::string& message);

}  // namespace recto
