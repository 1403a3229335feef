#pragma once
// Whether a text is a value of an option's type, said so that one can mend it.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <type_traits>

namespace recto {

/// Says of a text that is no number of type T what it is and what is wanted.
template <typename T>
CLI::Validator number_check() {
  return CLI::Validator(
      [](std::string& text) {
        T value{};
        if (CLI::detail::lexical_cast(text, value)) return std::string();
        const char* wanted = std::is_integral_v<T> ? "whole number" : "number";
        return "\"" + text + "\" is no " + wanted;
      },
      "");
}

/// The same of a switch.
CLI::Validator switch_check();

/// Adds the check of the values of type T, if texts can be none: numbers, and lists of them.
template <typename T>
CLI::Option* check_type(CLI::Option* option) {
  if constexpr (std::is_same_v<T, int> || std::is_same_v<T, int64_t> || std::is_same_v<T, double>) {
    return option->check(number_check<T>());
  } else if constexpr (requires { typename T::value_type; }) {
    return check_type<typename T::value_type>(option);
  } else {
    return option;
  }
}

}  // namespace recto
