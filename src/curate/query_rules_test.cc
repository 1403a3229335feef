#include "curate/query_rules.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <vector>

#include "curate/numbered_references.h"
#include "curate/personal_data.h"
#include "curate/query_text.h"

namespace recto {
namespace {

std::string reason_of(const QueryRules& rules, const QueryFacts& facts) {
  const auto problem = rules.check(facts);
  return problem ? problem->reason : "";
}

std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(QueryRules, EachRuleAndItsOrder) {
  const QueryRules rules;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"Oil pressure limits", ""},
      {"How do I install the pump?", ""},
      {"Konfigurationsdatei", ""},
      {"冷却ポンプの交換", ""},
      {"网络配置", ""},
      {"네트워크 설정 방법", ""},
      {"Настройка сети", ""},
      {"", "no letters"},
      {"3.1 - 42", "no letters"},
      {"Oil", "short"},
      {"水", "short"},
      {"Licence", "short: one word"},
      {repeated("word ", 61), "long"},
      {repeated("あ", 121), "long"},
      {repeated("word ", 60), ""},
      {repeated("abcdefghij", 41), "long: characters"},
      {"Are there upgrades in stable’? \u0300", "letters and accents apart"},
      {"Les m´ethodes de travail", "letters and accents apart"},
      {"Les me\u0301thodes de travail", ""},
      {"**Oil** pressure limits", "markdown"},
      {"What is it made of? And how?", "several questions"},
      {"Write to jane.doe@example.org for help", "personal data: mail address"},
      {"Oil pressure in Figure 3", "figure or page number"},
      {"What does this diagram show?", "points at the page"},
      {"What does Figure 3 show? See https://a.b/?x=1", "figure or page number"},
  };
  for (const auto& [query, reason] : cases) {
    EXPECT_EQ(reason_of(rules, {query, "heading"}), reason) << query;
  }
  EXPECT_EQ(rules.check({"Oil", "heading"}), (Problem{"short", 3, 6}));
}

TEST(QueryRules, OnlyConfidentDisagreementOfLanguagesDrops) {
  struct Case {
    const char* language;
    double confidence;
    const char* page;
    double page_confidence;
    const char* kind;
    bool dropped;
  };
  const Case cases[] = {
      {"de", 0.9, "en", 0.9, "heading", true},
      {"de", 0.7, "en", 0.7, "main", true},
      {"de", 0.69, "en", 1, "heading", false},
      {"de", 1, "en", 0.5, "heading", false},
      {"de", 0.9, "en", 0.9, "cross_lingual", false},
      {"", 0.9, "en", 0.9, "heading", false},
      {"de", 0.9, "", 0.9, "heading", false},
      {"und", 0.9, "en", 0.9, "heading", false},
      {"de-AT", 0.9, "de", 0.9, "heading", false},
      {"pt-BR", 0.9, "pt_PT", 0.9, "heading", false},
      {"zh-Hant", 0.9, "zh", 0.9, "heading", false},
      {"DE", 0.9, "de", 0.9, "heading", false},
      {"nb", 0.9, "no", 0.9, "heading", false},
      {"nn", 0.9, "nb", 0.9, "heading", false},
      {"sr", 0.9, "hr", 0.9, "heading", false},
      {"ms", 0.9, "id", 0.9, "heading", false},
      {"es", 0.9, "pt", 0.9, "heading", true},
  };
  const QueryRules rules;
  for (const Case& test : cases) {
    const auto problem = rules.check({"Oil pressure limits", test.kind, test.language,
                                      test.confidence, test.page, test.page_confidence});
    EXPECT_EQ(problem.has_value(), test.dropped) << test.language << " on " << test.page;
    if (problem) {
      EXPECT_EQ(problem->reason,
                fmt::format("language: {} on a page in {}", test.language, test.page));
    }
  }
}

TEST(QueryRules, MarkdownAndWhatOnlyLooksLikeIt) {
  for (const char* query :
       {"# Oil pressure", "### Oil", "**Oil** pressure", "the *very* important one", "`ls` command",
        "[Oil](http://x.y)", "![chart](a.png)", "- what is oil", "* what is oil", "> quoted",
        "__very important__ rule", "~~old~~ text", "```code```", "| a | b |", "<b>Oil</b> pressure",
        "line<br/>break"}) {
    EXPECT_TRUE(has_markdown(query)) << query;
  }
  for (const char* query :
       {"C# and F#", "#include directives", "*args and **kwargs", "The __init__ method",
        "a ** b ** c", "The `ls' command", "5 * 3 * 2", "vector<int> and <stdio.h>", "array[i](j",
        "5 - 3", "-Wall and -Wextra", "x < y > z", "a | b", "Issue #42", "SELECT * FROM t",
        "snake_case_names and more", "~user directories", "C* algebras and K* theory"}) {
    EXPECT_FALSE(has_markdown(query)) << query;
  }
}

TEST(QueryRules, Questions) {
  const std::vector<std::pair<std::string, int>> cases = {{"Oil pressure", 0},
                                                          {"What is oil?", 1},
                                                          {"What?! Really?", 2},
                                                          {"What??", 1},
                                                          {"What ? ?", 1},
                                                          {"a?b:c and ?: operators", 0},
                                                          {"何ですか？なぜですか？", 2},
                                                          {"What is \"why?\" about?", 2},
                                                          {"¿Qué es el aceite?", 1},
                                                          {"ما هو؟", 1},
                                                          {"What does ?x= mean?", 1}};
  for (const auto& [query, count] : cases) EXPECT_EQ(count_questions(query), count) << query;
}

TEST(NumberedReferences, FoundAndNot) {
  WordTokenizer tokenizer;
  for (const char* query : {"Figure 3",      "the pump in Fig. 3",
                            "Fig.3",         "Figures 3 and 4",
                            "Table 2.1",     "Table A-3",
                            "Figure B.2",    "Table IV",
                            "page 12",       "Page 12 of the report",
                            "p. 12",         "pp. 12-14",
                            "Tabelle 2",     "Tab. 2",
                            "Abbildung 7",   "Abb. 7",
                            "S. 12",         "Seite 12",
                            "Tabelle Nr. 2", "tableau 3",
                            "tableau n° 4",  "figure no. 3",
                            "page n. 4",     "figura 1",
                            "tabla 5",       "pág. 4",
                            "página 4",      "tabella 2",
                            "pagina 3",      "tabela 6",
                            "quadro 2",      "figuur 8",
                            "afbeelding 2",  "blz. 12",
                            "rysunek 3",     "rys. 4",
                            "tabeli 3",      "strona 5",
                            "str. 5",        "図3",
                            "図 3 の説明",   "表2",
                            "图3",           "第12页",
                            "12ページ",      "Equation (4)",
                            "Eq. 4",         "Listing 3"}) {
    EXPECT_NE(numbered_reference(tokenizer, in_plain_signs(query)), "") << query;
  }
  for (const char* query : {"Figure of speech",
                            "Table of isotopes",
                            "Page layout",
                            "The 3 pages",
                            "Chapter 11 bankruptcy",
                            "Section 508 compliance",
                            "Part 15 rules",
                            "Windows' 12 features",
                            "Type S 12 mm",
                            "Figure-8 knot",
                            "Table I need",
                            "Python 3",
                            "Version 2.1 of the table",
                            "p 12",
                            "x's 3",
                            "Tab 3",
                            "map 3 values",
                            "表示する",
                            "図書館",
                            "第二次世界大戦",
                            "2 tables",
                            "ISO 9001",
                            "Seiten drucken",
                            "JSON Schema 2020-12",
                            "Grade A"}) {
    EXPECT_EQ(numbered_reference(tokenizer, in_plain_signs(query)), "") << query;
  }
  EXPECT_EQ(numbered_reference(tokenizer, "oil in Fig. 3b there"), "Fig. 3b");
}

TEST(PersonalData, MailAddresses) {
  for (const char* text : {"jane@example.org", "ask jane.doe+x@mail.example.co.uk.", "<a@b.de>",
                           "mailto:info@firma.de", "jürgen@müller.de", "a_b%c@x-y.museum",
                           "ｊａｎｅ＠ｅｘａｍｐｌｅ．ｏｒｇ"}) {
    EXPECT_TRUE(has_mail_address(in_plain_signs(text))) << text;
  }
  for (const char* text : {"user@host", "@Override annotations", "10 @ 5.50", "icon@2x.png",
                           "foo @ bar.org", "a@b.1", "sshd@.service", "R@nk"}) {
    EXPECT_FALSE(has_mail_address(in_plain_signs(text))) << text;
  }
}

TEST(PersonalData, BankAccounts) {
  for (const char* text :
       {"DE89 3704 0044 0532 0130 00", "DE89370400440532013000", "de89 3704 0044 0532 0130 00",
        "pay to GB82 WEST 1234 5698 7654 32 today", "FR14 2004 1010 0505 0001 3M02 606",
        "NL91-ABNA-0417-1643-00", "PL61109010140000071219812874", "NO9386011117947",
        "ES91 2100 0418 4502 0005 1332", "PT50 0002 0123 1234 5678 9015 4",
        "IT60 X054 2811 1010 0000 0123 456"}) {
    EXPECT_TRUE(has_iban(in_plain_signs(text))) << text;
  }
  for (const char* text :
       {"DE88 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130", "DE89 3704 0044 0532 0130 0012",
        "XX89370400440532013000", "DE 89 is a road", "XDE89370400440532013000",
        "RS485 and RS232 interfaces", "GB18030 character encoding"}) {
    EXPECT_FALSE(has_iban(in_plain_signs(text))) << text;
  }
}

TEST(PersonalData, CardNumbers) {
  for (const char* text :
       {"4111 1111 1111 1111", "4111111111111111", "card 5500-0000-0000-0004 expired",
        "3400 000000 00009", "6011 0000 0000 0004", "3530111333300000", "30000000000004",
        "2221 0000 0000 0009", "6200 0000 0000 0005"}) {
    EXPECT_TRUE(has_card_number(in_plain_signs(text))) << text;
  }
  for (const char* text :
       {"4111 1111 1111 1112", "4111 1111 1111", "978-3-16-148410-0", "1234 5678 9012 3456",
        "4111 1111-1111 1111", "490154203237518", "0.4111111111111111", "4111111111111111a",
        "2024-05-17 12:30:00", "79927398713"}) {
    EXPECT_FALSE(has_card_number(in_plain_signs(text))) << text;
  }
}

TEST(PersonalData, PhoneNumbers) {
  for (const char* text : {"+49 30 1234567",
                           "+49 (0)30 / 123-4567",
                           "+1 (555) 123-4567",
                           "+15551234567",
                           "0049 30 123456",
                           "(555) 123-4567",
                           "555-123-4567",
                           "555.123.4567",
                           "1-800-555-0199",
                           "800 555 0199",
                           "030 1234567",
                           "089/12345678",
                           "0221-1234567",
                           "01 23 45 67 89",
                           "01.23.45.67.89",
                           "0612345678",
                           "020 7946 0958",
                           "07700 900123",
                           "06-12345678",
                           "(030) 1234567",
                           "(11) 91234-5678",
                           "612 345 678",
                           "600-700-800",
                           "91 123 45 67",
                           "347 1234567",
                           "138 0013 8000",
                           "13800138000",
                           "090-1234-5678",
                           "03-1234-5678",
                           "Tel. 1234567",
                           "Tel.: 123 45 67 now",
                           "call 555 0123 4",
                           "Fax 12-34-56-78",
                           "電話 1234567",
                           "＋４９ ３０ １２３４５６７",
                           "on 2024-05-17 call 030 1234567"}) {
    EXPECT_TRUE(has_phone_number(in_plain_signs(text))) << text;
  }
  for (const char* text : {"version 10.0.19045.3930",
                           "Linux 6.1.0-18",
                           "2024-05-17",
                           "17.05.2024",
                           "05/17/2024",
                           "17.05.2024 10:30",
                           "01.02.2024 10.30",
                           "2024-05-17 12:30:45",
                           "1990-2000",
                           "12:30:45",
                           "ISBN 0-306-40615-2",
                           "978-3-16-148410-0",
                           "ISBN 978 3 16 148410 0",
                           "ISSN 0317-8471",
                           "192.168.100.200",
                           "10.0.0.1",
                           "255.255.255.0",
                           "P/N 0123-456-789",
                           "part number 123-456-7890",
                           "AB-123-456-7890",
                           "5961-00-123-4567",
                           "744-1234-001",
                           "6ES7 314-1AE01-0AB0",
                           "ISO 9001:2015",
                           "IEC 61000-4-2",
                           "RFC 2822",
                           "3.14159265358979",
                           "+3.14159265",
                           "1,000,000,000",
                           "10 000 000",
                           "1 000 000 000",
                           "123-45-6789",
                           "serial no. 555-123-4567",
                           "48.8566, 2.3522",
                           "0123456789",
                           "74HC595 and LM317",
                           "1024 x 768 x 32",
                           "4096-8192",
                           "C++ 2017",
                           "20240517 123456",
                           "0000 0000 0000",
                           "MIL-STD-1553",
                           "model 0221-1234567",
                           "FF:00:12:34:56:78",
                           "10.1000/182"}) {
    EXPECT_FALSE(has_phone_number(in_plain_signs(text))) << text;
  }
}

TEST(QueryText, PlainSignsAndWords) {
  EXPECT_EQ(in_plain_signs("１２ – ３\u00A0x\u200B\u00ADy"), "12 - 3 xy");
  const auto words = query_words("Fig. 3: öl-Pumpe");
  ASSERT_EQ(words.size(), 4u);
  EXPECT_EQ(words[0].text, "Fig");
  EXPECT_EQ(words[1].before, ". ");
  EXPECT_EQ(words[2].text, "öl");
  EXPECT_EQ(words[3].before, "-");
  EXPECT_TRUE(query_words("").empty());
}

}  // namespace
}  // namespace recto
