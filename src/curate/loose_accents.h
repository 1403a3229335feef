#pragma once
// Accents that text layers set apart from their letters, as TeX's older fonts do.

#include <string>
#include <string_view>

namespace recto {

/// True for a text from a layer in which accents are characters of their own ("r´eserv´e"): fit for
/// folding and comparing, not for showing.
bool has_loose_accents(std::string_view text);

/// The text with such accents joined to the letters behind them ("qu´e" is "qué"), where Latin
/// script has that letter; those that stand alone stay.
std::string join_loose_accents(std::string_view text);

/// The text without accents that stand alone: the accent of a capital is drawn so high that it may
/// become a line of its own, in "Ubliche Notation ¨". A single one goes to the only word that
/// begins with a capital which can bear it ("Übliche Notation").
std::string lower_lifted_accents(std::string_view text);

/// True for a text with an accent by itself, whatever stands behind it, or a combining one behind
/// no letter; not a grave accent of ASCII, which opens quotations.
bool has_accent_marks(std::string_view text);

}  // namespace recto
