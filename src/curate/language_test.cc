#include "curate/language.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

namespace recto {
namespace {

// Article 1 of the Universal Declaration of Human Rights, as the United Nations publish it.
const std::pair<const char*, const char*> kArticle[] = {
    {"en",
     "All human beings are born free and equal in dignity and rights. They are endowed with reason "
     "and conscience and should act towards one another in a spirit of brotherhood."},
    {"de",
     "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und "
     "Gewissen begabt und sollen einander im Geiste der Brüderlichkeit begegnen."},
    {"fr",
     "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de "
     "raison et de conscience et doivent agir les uns envers les autres dans un esprit de "
     "fraternité."},
    {"es",
     "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están "
     "de razón y conciencia, deben comportarse fraternalmente los unos con los otros."},
    {"it",
     "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati di "
     "ragione e di coscienza e devono agire gli uni verso gli altri in spirito di fratellanza."},
    {"pt",
     "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de razão e "
     "de consciência, devem agir uns para com os outros em espírito de fraternidade."},
    {"nl",
     "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn begiftigd met "
     "verstand en geweten, en behoren zich jegens elkander in een geest van broederschap te "
     "gedragen."},
    {"pl",
     "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni "
     "obdarzeni rozumem i sumieniem i powinni postępować wobec innych w duchu braterstwa."},
    {"cs",
     "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Jsou nadáni rozumem a "
     "svědomím a mají spolu jednat v duchu bratrství."},
    {"sv",
     "Alla människor är födda fria och lika i värde och rättigheter. De är utrustade med förnuft "
     "och samvete och bör handla gentemot varandra i en anda av broderskap."},
    {"fi",
     "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. Heille on "
     "annettu järki ja omatunto, ja heidän on toimittava toisiaan kohtaan veljeyden hengessä."},
    {"hu",
     "Minden emberi lény szabadon születik és egyenlő méltósága és joga van. Az emberek, ésszel és "
     "lelkiismerettel bírván, egymással szemben testvéri szellemben kell hogy viseltessenek."},
    {"ro",
     "Toate ființele umane se nasc libere și egale în demnitate și în drepturi. Ele înzestrate cu "
     "rațiune și conștiință și trebuie să se comporte unele față de altele în spiritul "
     "fraternității."},
    {"ca",
     "Tots els éssers humans neixen lliures i iguals en dignitat i en drets. Són dotats de raó i "
     "de consciència, i han de comportar-se fraternalment els uns amb els altres."},
    {"tr",
     "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler "
     "ve birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler."},
    {"ru",
     "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и "
     "совестью и должны поступать в отношении друг друга в духе братства."},
    {"uk",
     "Всі люди народжуються вільними і рівними у своїй гідності та правах. Вони наділені розумом і "
     "совістю і повинні діяти у відношенні один до одного в дусі братерства."},
    {"el",
     "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. Είναι "
     "προικισμένοι με λογική και συνείδηση."},
    {"ar",
     "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. وقد وهبوا عقلا وضميرا وعليهم أن يعامل "
     "بعضهم بعضا بروح الإخاء."},
    {"he",
     "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון, לפיכך חובה "
     "עליהם לנהוג איש ברעהו ברוח של אחווה."},
    {"ja",
     "すべての人間は、生れながらにして自由であり、かつ、尊厳と権利とについて平等である。人間は、"
     "理性と良心とを授けられており、互いに同胞の精神をもって行動しなければならない。"},
    {"ko",
     "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 천부적으로 "
     "이성과 양심을 부여받았으며 서로 형제애의 정신으로 행동하여야 한다."},
    {"zh", "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。"},
    {"zh-Hant",
     "人人生而自由,在尊嚴和權利上一律平等。他們賦有理性和良心,並應以兄弟關係的精神互相對待。"},
    {"vi",
     "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền. Mọi con người "
     "đều được tạo hoá ban cho lý trí và lương tâm và cần phải đối xử với nhau trong tình bằng "
     "hữu."},
};

TEST(Language, KnowsAnArticle) {
  for (const auto& [language, text] : kArticle) {
    const LanguageGuess guess = detect_language(text);
    EXPECT_EQ(guess.language, language);
    EXPECT_GT(guess.confidence, 0.8) << language;
    EXPECT_LE(guess.confidence, 1.0) << language;
    // A wrong hint does not mislead.
    EXPECT_EQ(detect_language(text, std::string_view(language) == "fr" ? "de" : "fr").language,
              language);
  }
}

TEST(Language, CodeAmongWordsDoesNotCount) {
  const std::string code =
      " for (int i=0; i<n; ++i) x[i]=y; apt-get install ./pkg_1.0-1.deb --yes "
      "https://www.example.org/the/and/of.html user@host:~$ cat /etc/apt/sources.list ";
  const std::string german(kArticle[1].second);
  EXPECT_EQ(detect_language(german + code + code + code + code).language, "de");
  EXPECT_GT(detect_language(german + code + code).confidence, 0.6);
  // Where words are not spaced, a digit does not take the sentence with it.
  EXPECT_EQ(
      detect_language("第3章では、APTを使ってパッケージを管理する方法を説明します。").language,
      "ja");
}

TEST(Language, ShortTextsSayLittle) {
  for (const char* text : {"Installation", "Version", "apt", "Set up", "Index", "OK"}) {
    EXPECT_LT(detect_language(text).confidence, 0.3) << text;
  }
  EXPECT_LT(detect_language("How do I install a package?").confidence,
            detect_language("How do I install a package from the archive without a network "
                            "connection, and where are the packages kept?")
                .confidence);
  for (const char* text :
       {"", " \n\t", "12 34 5.6", "/etc/apt", "...", "\x01\x02", "\uFFFE\uFFFF"}) {
    EXPECT_EQ(detect_language(text).language, "") << text;
    EXPECT_EQ(detect_language(text).confidence, 0.0) << text;
  }
}

TEST(Language, QueriesInAScriptOfTheirOwnAreSure) {
  const std::pair<const char*, const char*> cases[] = {
      {"ja", "パッケージの管理"}, {"ko", "패키지 관리 방법"},  {"el", "Εγκατάσταση πακέτων"},
      {"zh", "软件包管理系统"},   {"zh-Hant", "套件管理系統"}, {"he", "התקנת חבילה במערכת"},
  };
  for (const auto& [language, text] : cases) {
    const LanguageGuess guess = detect_language(text);
    EXPECT_EQ(guess.language, language) << text;
    EXPECT_GT(guess.confidence, 0.4) << text;
  }
}

TEST(Language, AHintDecidesWhatIsOpen) {
  EXPECT_EQ(detect_language("Installation", "de").language, "de");
  EXPECT_EQ(detect_language("Installation", "fr").language, "fr");
  EXPECT_EQ(detect_language("Wie installiere ich ein Paket?", "de-AT").language, "de");
  EXPECT_EQ(detect_language("Pacotes", "pt_BR").language, "pt");
  EXPECT_LT(detect_language("Installation", "de").confidence, 0.5);
  for (const char* hint : {"", "xx", "nonsense that is no tag", "zz-ZZ", "\xff"}) {
    EXPECT_EQ(detect_language(kArticle[0].second, hint).language, "en") << hint;
  }
}

TEST(Language, IllFormedTextIsReadPast) {
  const std::string german(kArticle[1].second);
  for (const char* broken :
       {"\xff\xfe ", "\xc3", "\xed\xa0\x80 ", "\x01\x02\x7f ", "\uFFFD\uE001 "}) {
    EXPECT_EQ(detect_language(fmt::format("{0}{1}{0}{1}", broken, german)).language, "de");
  }
  EXPECT_EQ(detect_language(std::string(3, '\0') + german).language, "de");
}

TEST(Language, LongTextsTakeLittleTime) {
  std::string text;
  while (text.size() < size_t{20} << 20) text += kArticle[2].second;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(detect_language(text).language, "fr");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_EQ(detect_language(std::string(size_t{4} << 20, 'x')).confidence < 0.5, true);
}

}  // namespace
}  // namespace recto
