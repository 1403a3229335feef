#pragma once
// Options of `--generator openai`: where the model is, what it may cost, what it is asked.

#include <CLI/CLI.hpp>
#include <string>

#include "curate/endpoint_settings.h"

namespace recto {

inline constexpr const char* kEndpointGroup = "Model endpoint (--generator openai)";

struct EndpointOptions {
  EndpointSettings values;  ///< what is a number or a text
  std::string prompt;       ///< file
  std::string parameters;   ///< JSON
  std::string cache;        ///< directory; the default is default_endpoint_cache()
  std::string ca;           ///< file

  /// The whole, with files read. Throws Error(kUsage) naming the option that is wrong.
  EndpointSettings settings() const;
};

void add_endpoint_options(CLI::App& app, EndpointOptions& options);

}  // namespace recto
