#include "curate/loose_accents.h"

#include <gtest/gtest.h>

namespace recto {
namespace {

TEST(LooseAccents, AreJoined) {
  EXPECT_EQ(join_loose_accents("r´eserv´e, ver¨andert, a˜nade, Dvoˇr´ak, ´ındice, 90˚, `"),
            "réservé, verändert, añade, Dvořák, índice, 90˚, `");
  EXPECT_EQ(join_loose_accents(""), "");
}

TEST(LooseAccents, AreSeenButNotQuotationMarks) {
  for (const char* text :
       {"r´eserv´e", "mati`eres", "¨uber", "se˜nor", "gar¸con", "grille `a deux"}) {
    EXPECT_TRUE(has_loose_accents(text)) << text;
  }
  for (const char* text : {"réservé", "the `ls' command", "`ls`", "x ^ y", "", "a ´"}) {
    EXPECT_FALSE(has_loose_accents(text)) << text;
  }
}

TEST(LooseAccents, ThoseOfCapitalsComeDownFromTheirLine) {
  struct Case {
    const char* text;
    const char* lowered;
  };
  // As Debian's manuals of LilyPond have them.
  for (const Case& test :
       {Case{"Ubliche Notation für Schlagzeug ¨", "Übliche Notation für Schlagzeug"},
        Case{"Ecriture du rythme ´", "Écriture du rythme"},
        Case{"Metronom- und Ubungszeichen unter das System setzen ¨",
             "Metronom- und Übungszeichen unter das System setzen"},
        Case{"Etendues ( ´ extents)", "Étendues (extents)"},
        Case{"´ Opera y musicales", "Ópera y musicales"},
        Case{"Uberblick über den Akkord-Modus ¨", "Uberblick über den Akkord-Modus"},
        Case{"von hier ¨ nach dort", "von hier nach dort"}, Case{"Uber ¨ Angst ¨", "Uber Angst"},
        Case{"r´eserv´e", "r´eserv´e"}, Case{"the ` sign", "the ` sign"}, Case{"", ""}}) {
    EXPECT_EQ(lower_lifted_accents(test.text), test.lowered);
  }
}

TEST(LooseAccents, MarksByThemselvesAreSeen) {
  for (const char* text :
       {"Notation ¨", "a´e", "in stable’? \u0300", "\u0301a", "for \u0300frozen’"}) {
    EXPECT_TRUE(has_accent_marks(text)) << text;
  }
  for (const char* text :
       {"réservé", "re\u0301serve\u0301", "a\u0323\u0301", "`ls'", "", "2^n ~ 3"}) {
    EXPECT_FALSE(has_accent_marks(text)) << text;
  }
}

}  // namespace
}  // namespace recto
