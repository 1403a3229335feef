#pragma once
// Headings that ask what a reader might ask, told from those that only end in a question mark.

#include <string_view>

namespace recto {

/// True for a question with a word that asks ("how", "warum", "où"), with a verb or a person in
/// front as who asks has it ("Can I", "Gibt es", "My catalog is full?"), or, in Chinese and
/// Japanese, with the characters that ask. Not for "More interested in Ubuntu?" and "Have you found
/// a bug?", which a text asks its reader. Knows English, French, German, Spanish, Portuguese,
/// Galician, Italian, Dutch, Polish, Russian, Chinese and Japanese.
bool asks_something(std::string_view question);

}  // namespace recto
