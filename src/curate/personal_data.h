#pragma once
// What names a person or an account: a query with it is dropped.

#include <string>
#include <string_view>

namespace recto {

/// What kind of personal data `text` (in_plain_signs) holds: "mail address", "bank account",
/// "payment card", "phone number", or "" for none.
std::string_view personal_data(std::string_view text);

/// An address with a local part, a domain and a top-level domain of letters, that is no file name
/// ("icon@2x.png").
bool has_mail_address(std::string_view text);

/// An IBAN of one of the countries that issue them: its length, and its check digits by ISO 7064
/// mod 97-10. Spaces and hyphens may stand between.
bool has_iban(std::string_view text);

/// A card number of a known range and length whose check digit agrees (Luhn, ISO/IEC 7812).
bool has_card_number(std::string_view text);

/// A telephone number (curate/phone_number.cc says what one looks like). Versions, dates, times,
/// ISBN, IP addresses, part numbers and standards are none.
bool has_phone_number(std::string_view text);

}  // namespace recto
