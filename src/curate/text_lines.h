#pragma once
// Lines of a page's text as people read them: headings, entries of a list of contents, labels.

#include <string>
#include <string_view>
#include <vector>

namespace recto {

/// The lines of `text`, without white space at both ends and without empty ones.
std::vector<std::string> split_lines(std::string_view text);

/// The size in bytes of a long line: one in ten is longer.
size_t long_line(const std::vector<std::string>& lines);

/// White space at both ends off, and every run of it inside one space.
std::string fold_spaces(std::string_view text);

/// Latin, Greek and Cyrillic letters in lower case, accents kept.
std::string lower_case(std::string_view text);

/// A line of a list of contents: "1.2 Files . . . . 17" is {"1.2 Files", "17", true}.
struct ContentsLine {
  std::string text;     ///< before the leader, white space folded
  std::string label;    ///< digits, or a roman number in small letters ("xvi"); "" for none
  bool leader = false;  ///< three dots or more stand between the two
};

/// The line taken apart; with an empty label, `text` is the whole line.
ContentsLine parse_contents_line(std::string_view line);

/// How many of the lines end in a page's number.
int64_t count_contents_lines(const std::vector<std::string>& lines);

/// True when the text ends as a sentence does: with . ! ? : or their East Asian forms, also before
/// a closing quotation mark or parenthesis.
bool ends_sentence(std::string_view text);

/// True for a text that begins with a capital, "¿" or an East Asian character, also behind a
/// quotation mark or parenthesis that opens.
bool begins_sentence(std::string_view text);

/// True for a question mark at the end, also "？", "؟" and one before a quotation mark.
bool ends_in_question_mark(std::string_view text);

}  // namespace recto
