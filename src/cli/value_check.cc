#include "cli/value_check.h"

#include <stdexcept>

namespace recto {

CLI::Validator switch_check() {
  return CLI::Validator(
      [](std::string& text) {
        try {
          CLI::detail::to_flag_value(text);
          return std::string();
        } catch (const std::exception&) {
          return "\"" + text + "\" is neither true nor false";
        }
      },
      "");
}

}  // namespace recto
