// The phrases of deixis.h, by language. What stands here was tried against titles that only look
// like it (deixis_test.cc).

#include "curate/deixis.h"

namespace recto {

namespace {

// Long patterns are strings in pieces.
// NOLINTBEGIN(bugprone-suspicious-missing-comma)

DeixisList english() {
  return {
      "en",
      "page pages document documents text passage excerpt section sections subsection chapter "
      "chapters paragraph paragraphs article paper report book booklet manual handbook guide "
      "tutorial leaflet brochure slide slides equation equations formula formulas snippet appendix "
      "annex caption study thesis presentation datasheet example examples",
      "figure figures fig diagram diagrams table tables chart charts graph graphs plot plots image "
      "images picture pictures photo photos photograph photographs illustration illustrations "
      "schematic schematics drawing drawings screenshot screenshots map flowchart infographic "
      "sketch",
      "wiring circuit block flow technical schematic bar pie line scatter data user reference "
      "installation quick short comparison exploded same whole entire new first second last final "
      "particular specific simple summary service maintenance product safety operating instruction "
      "system sample",
      {
          "^ the same ... in a|an different|other",
          "^ the same ... in another",
          "this|these @modifiers? @parts",
          "the following !day|days|morning|evening|night|week|month|year|years|season|winter|"
          "summer|spring|decade|century",
          "the above !ground|average|zero|water|normal|line",
          "the preceding|foregoing|subsequent|accompanying|present|aforementioned|below "
          "@modifiers? "
          "@parts",
          "the previous "
          "figure|diagram|table|chart|graph|section|chapter|paragraph|example|equation",
          "aforementioned|aforesaid|abovementioned|above_mentioned|undermentioned",
          "the|this @modifiers? @parts above|below "
          "!the|a|an|zero|ground|average|water|sea|normal|which",
          "the code|list|steps|procedure|instructions|command|commands|method|rules|values "
          "above|below !the|a|an|zero|average|which",
          "@visuals above|below $",
          "see|as|mentioned|described|shown|listed|discussed|explained|depicted|illustrated|noted|"
          "stated|defined|outlined|specified|presented|given|cited above|below|overleaf "
          "!the|a|an|zero|ground|average|freezing|normal|sea",
          "above|below mentioned|described|listed|shown|discussed|depicted|illustrated",
          "shown|seen|depicted|illustrated|displayed|pictured|presented|described|mentioned|"
          "discussed|listed|given|labeled|labelled|provided in|on|by|within the @modifiers? @parts",
          "shown|depicted|illustrated|pictured|listed|described here",
          "according_to|as_per|referring_to|with_reference_to the|this|these @modifiers? @parts",
          "according_to the author|authors|writer|writers|information|data|results",
          "based_on the document|page|passage|excerpt|figure|diagram|table|chart|provided|given",
          "^ what|which|where|who|why ... in|on|from|by the @modifiers? @visuals $",
          "what|how does|do|did the @modifiers? @parts "
          "show|indicate|represent|depict|illustrate|say|tell|describe|mention|state",
          "^ what|why|how|which|who ... do|does|did the author|authors|writer|writers",
          "the|our|their proposed|presented|described method|methods|model|models|approach|system|"
          "algorithm|framework|architecture|solution|scheme|technique|design|procedure|concept",
          "the @modifiers? @parts provided|shown|depicted|displayed|presented !in|on|by|when|as|to",
          "the provided|given "
          "diagram|figure|table|chart|graph|image|picture|passage|excerpt|context",
          "the opposite|facing page",
      }};
}

DeixisList french() {
  return {
      "fr",
      "page pages document documents texte textes passage extrait section sections chapitre "
      "chapitres paragraphe paragraphes article articles rapport livre ouvrage manuel guide "
      "équation équations formule formules exemple exemples annexe notice brochure mémoire thèse "
      "tutoriel diapositive fiche étude",
      "figure figures schéma schémas diagramme diagrammes tableau tableaux graphique graphiques "
      "image images photo photos photographie illustration illustrations dessin dessins courbe "
      "courbes carte organigramme croquis capture",
      "même dernier dernière premier première deuxième nouveau nouvelle petit petite court grand",
      {
          "^ le|la|les même|mêmes ... dans un|une autre",
          "ce|cet|cette|ces @modifiers? @parts",
          "ce|le|du|au présent @modifiers? @parts",
          "cette|la présente @modifiers? @parts",
          "ci_dessus|ci_dessous|ci_contre|ci_après|ci_avant|ci_joint*",
          "figure|figures|schéma|schémas|diagramme|tableau|tableaux|graphique|graphiques|exemple|"
          "exemples|texte|équation|formule|paragraphe|extrait|passage|section|chapitre "
          "suivant|suivante|suivants|suivantes|précédent|précédente|précédents|précédentes",
          "l|les|des|aux|un|une illustration|éléments|étapes|instructions|options|commandes|points "
          "suivant|suivante|suivants|suivantes $",
          "voir|comme|décrit*|mentionné*|indiqué*|cité*|présenté*|expliqué*|vu|vue "
          "plus_haut|plus_bas|au_dessus $",
          "selon|d_après le|la|les|l|ce|cet|cette|ces @modifiers? @parts",
          "selon|d_après l|les auteur|auteurs|autrice",
          "que|qu|comment montre|montrent|représente|représentent|illustre|illustrent|indique "
          "le|la|les|l @visuals",
          "que|qu ... le|la|les|l @visuals montre|montrent|représente|représentent|illustre|t",
          "^ que|qu|quel|quelle|quels|quelles|où|qui|pourquoi|combien ... dans|sur le|la|les|l "
          "@visuals $",
          "présenté*|montré*|illustré*|représenté*|indiqué*|décrit*|affiché*|visible|visibles "
          "dans|sur|par le|la|les|l @modifiers? @parts",
          "le|la|l|les|du "
          "modèle|méthode|approche|système|algorithme|architecture|solution|technique "
          "proposé|proposée|proposés|proposées",
          "^ que|qu|pourquoi|comment|quel|quelle|quels|quelles ... l|les auteur|auteurs",
      }};
}

DeixisList german() {
  return {
      "de",
      "Seite Seiten Dokument Dokuments Dokumentes Dokumente Dokumenten Text Textes Texte Texten "
      "Abschnitt Abschnitts Abschnitte Abschnitten Kapitel Kapitels Kapiteln Absatz Absatzes "
      "Artikel Artikels Bericht Berichts Berichtes Buch Buches Buchs Handbuch Handbuchs Handbuches "
      "Anleitung Anleitungen Gleichung Formel Beispiel Beispiels Beispiele Folie Folien Anhang "
      "Anhangs Broschüre Leitfaden Leitfadens Dokumentation Bedienungsanleitung Betriebsanleitung "
      "Installationsanleitung Benutzerhandbuch Benutzerhandbuchs Studie Auszug Passage",
      "Abbildung Abbildungen Bild Bildes Bilder Bildern Diagramm Diagramms Diagramme Diagrammen "
      "Grafik Grafiken Graphik Schaubild Schaubilds Skizze Zeichnung Zeichnungen Schema Schemas "
      "Schaltplan Schaltplans Schaltbild Blockdiagramm Flussdiagramm Balkendiagramm Kreisdiagramm "
      "Tabelle Tabellen Foto Fotos Screenshot Bildschirmfoto Karte Darstellung Kurve",
      "technische technischen erste ersten zweite zweiten letzte letzten neue neuen kurze kurzen "
      "ganze ganzen gesamte gesamten",
      {
          "^ derselbe|dieselbe|dieselben|dasselbe ... in einer|einem anderen",
          "diese|dieser|dieses|diesem|diesen @modifiers? @parts",
          "folgende|folgender|folgendes|folgendem|folgenden @modifiers? @parts",
          "im_folgenden",
          "obige|obiger|obiges|obigem|obigen|obenstehend*|untenstehend*|nebenstehend*|vorstehend*|"
          "nachstehend*|obengenannt*|untengenannt*|obenerwähnt*|vorgenannt*|umseitig*",
          "die|der|das|dem|den|des|im|vom|zum|am vorliegende|vorliegendes|vorliegenden @modifiers? "
          "@parts",
          "vorherige|vorherigen|vorhergehende|vorhergehenden|vorangegangene|vorangegangenen "
          "@visuals|abschnitt|kapitel",
          "die|der|das|dem|den|des abgebildete*|gezeigte*|dargestellte* @parts",
          "siehe|s oben|unten|rechts|links|nebenan|umseitig|nachfolgend*|vorhergehend*",
          "oben|unten|hier|nebenan|nachfolgend beschrieben*|gezeigt*|genannt*|erwähnt*|abgebildet*|"
          "dargestellt*|aufgeführt*|angegeben*|stehend*|erläutert*|aufgelistet*",
          "die|der|das|dem|den @modifiers? @parts oben|unten|nebenan $",
          "@visuals oben|unten|nebenan $",
          "laut|gemäß|anhand der|dem|des @modifiers? @parts",
          "laut|nach|gemäß dem|der|den autor|autorin|autoren|verfasser",
          "laut @parts",
          "im|in_der|in_dem|in_den|auf_dem|auf_der|auf_den|aus_dem|aus_der|aus_den @visuals "
          "gezeigt*|dargestellt*|abgebildet*|zu_sehen|beschrieben*|angegeben*",
          "^ was|welche|welcher|welches|welchen|wo|wer|warum ... "
          "im|in_der|in_dem|in_den|auf_dem|auf_der|auf_den|aus_dem|aus_der|aus_den @visuals $",
          "was|wie zeigt|zeigen|stellt|stellen|illustriert|verdeutlicht|veranschaulicht "
          "die|der|das @visuals",
          "die|der|das|dem|den|des vorgeschlagene*|vorgestellte* "
          "modell*|verfahren*|methode*|ansatz*|system*|algorithm*|architektur|lösung|konzept*",
          "^ was|warum|wie|welche|welchen ... der|die autor|autorin|autoren|verfasser",
      }};
}

DeixisList spanish() {
  return {
      "es",
      "página páginas documento documentos texto textos pasaje fragmento sección secciones "
      "capítulo "
      "capítulos párrafo párrafos artículo informe libro manual guía ecuación ecuaciones fórmula "
      "fórmulas ejemplo ejemplos anexo apartado folleto diapositiva estudio tutorial",
      "figura figuras diagrama diagramas tabla tablas gráfico gráficos gráfica gráficas imagen "
      "imágenes foto fotos fotografía ilustración ilustraciones esquema esquemas dibujo dibujos "
      "cuadro cuadros mapa captura croquis",
      "mismo misma primer primera segundo segunda último última nuevo nueva pequeño pequeña",
      {
          "^ el|la|los|las mismo|misma|mismos|mismas ... en otro|otra",
          "este|esta|estos|estas|ese|esa|esos|esas @modifiers? @parts",
          "el|la|los|las|del|al siguiente|siguientes|presente|presentes|anterior|anteriores "
          "@modifiers? @visuals",
          "el|la|los|las|del|al siguiente|siguientes|presente|presentes documento|texto|sección|"
          "capítulo|párrafo|ejemplo|ejemplos|artículo|informe|manual|guía|fórmula|ecuación|pasaje",
          "figura|figuras|diagrama|tabla|tablas|gráfico|gráfica|esquema|cuadro|párrafo|ejemplo|"
          "ejemplos|ecuación|fórmula|capítulo|sección siguiente|siguientes|anterior|anteriores|"
          "adjunto|adjunta|adjuntos|adjuntas",
          "@parts de_arriba|de_abajo|de_más_arriba|de_más_abajo",
          "véase|ver|vea|como|mostrad*|descrit*|mencionad*|indicad*|citad*|señalad*|explicad*|"
          "expuest* arriba|abajo|más_arriba|más_abajo|anteriormente|a_continuación",
          "arriba|abajo|anteriormente|antes "
          "mencionad*|descrit*|indicad*|citad*|señalad*|mostrad*|expuest*",
          "según|de_acuerdo_con|conforme_a el|la|los|las @modifiers? @parts",
          "según|de_acuerdo_con el|la|los autor|autora|autores",
          "qué|cómo muestra|muestran|representa|representan|indica|indican|ilustra|ilustran "
          "el|la|los|las @visuals",
          "^ qué|cuál|cuáles|dónde|quién|por_qué|cuántos|cuántas ... en el|la|los|las @visuals $",
          "mostrad*|representad*|ilustrad*|descrit*|indicad*|presentad* en|por el|la|los|las "
          "@modifiers? @parts",
          "el|la|del modelo|método|enfoque|sistema|algoritmo|arquitectura|solución|técnica "
          "propuesto|propuesta|propuestos|propuestas",
          "^ qué|por_qué|cómo|cuál ... el|la|los autor|autora|autores",
      }};
}

DeixisList italian() {
  return {
      "it",
      "pagina pagine documento documenti testo testi brano sezione sezioni capitolo capitoli "
      "paragrafo paragrafi articolo articoli rapporto relazione libro manuale guida equazione "
      "equazioni formula formule esempio esempi allegato appendice opuscolo diapositiva studio",
      "figura figure diagramma diagrammi tabella tabelle grafico grafici immagine immagini foto "
      "fotografia illustrazione illustrazioni schema schemi disegno disegni mappa schermata "
      "diagramma schizzo",
      "stesso stessa primo prima secondo seconda ultimo ultima nuovo nuova breve piccolo piccola",
      {
          "questo|questa|questi|queste|quest @modifiers? @parts",
          "il|lo|la|i|gli|le|l|nel|nello|nella|nei|nelle|nell|del|della|dell|dei|delle|dal|dalla|"
          "dall|al|alla|sul|sulla seguente|seguenti|presente|presenti|suddett*|sopracitat*|"
          "sottostant*|soprastant*|sopraindicat* @modifiers? @parts",
          "figura|figure|diagramma|tabella|tabelle|grafico|schema|esempio|esempi|equazione|formula|"
          "paragrafo|capitolo|sezione|testo|immagine "
          "seguente|seguenti|precedente|precedenti|sottostante|soprastante|allegato|allegata",
          "@parts qui_sopra|qui_sotto|di_seguito|qui_accanto|a_fianco",
          "@visuals sopra|sotto $",
          "vedi|vedere|come|descritt*|mostrat*|indicat*|citat*|menzionat*|illustrat*|riportat*|"
          "elencat* sopra|sotto|in_precedenza|precedentemente|di_seguito|qui_sopra|qui_sotto",
          "sopra|sotto|precedentemente|qui indicat*|citat*|descritt*|riportat*|menzionat*|"
          "mostrat*|elencat*|illustrat*",
          "sopracitat*|soprammenzionat*|suddett*|sottoindicat*|sopraindicat*",
          "secondo|in_base_a|stando_a il|lo|la|i|gli|le|l|al|alla|alle|ai @modifiers? @parts",
          "in_base|stando al|alla|alle|ai|all @modifiers? @parts",
          "secondo l|gli|il|i autore|autori",
          "cosa|che|come mostra|mostrano|rappresenta|rappresentano|indica|illustra "
          "il|lo|la|i|gli|le|l "
          "@visuals",
          "^ cosa|che|quale|quali|qual|dove|chi|perché|quanti|quante ... "
          "nel|nello|nella|nei|negli|nelle|nell|sul|sulla|sull @visuals $",
          "mostrat*|rappresentat*|illustrat*|descritt*|indicat*|riportat*|raffigurat* "
          "nel|nello|nella|nei|negli|nelle|nell|sul|sulla|dal|dalla @modifiers? @parts",
          "il|lo|la|l|del|della modello|metodo|approccio|sistema|algoritmo|architettura|soluzione|"
          "tecnica propost*",
          "^ cosa|che|perché|come|quale ... l|gli autore|autori",
      }};
}

DeixisList portuguese() {
  return {
      "pt",
      "página páginas documento documentos texto textos trecho passagem secção secções seção "
      "seções "
      "capítulo capítulos parágrafo parágrafos artigo relatório livro manual guia equação equações "
      "fórmula fórmulas exemplo exemplos anexo apostila folheto estudo tutorial",
      "figura figuras diagrama diagramas tabela tabelas gráfico gráficos imagem imagens foto fotos "
      "fotografia ilustração ilustrações esquema esquemas desenho desenhos quadro mapa fluxograma",
      "mesmo mesma primeiro primeira segundo segunda último última novo nova pequeno pequena",
      {
          "este|esta|estes|estas|neste|nesta|nestes|nestas|deste|desta|destes|destas|esse|essa|"
          "esses|essas|nesse|nessa|desse|dessa @modifiers? @parts",
          "o|a|os|as|no|na|nos|nas|do|da|dos|das|ao|à|pelo|pela seguinte|seguintes|presente|"
          "presentes @modifiers? @visuals",
          "o|a|os|as|no|na|nos|nas|do|da|dos|das|ao|à|pelo|pela seguinte|seguintes|presente "
          "documento|texto|secção|seção|capítulo|parágrafo|exemplo|exemplos|artigo|relatório|"
          "manual|"
          "guia|equação|fórmula|trecho",
          "figura|figuras|diagrama|tabela|tabelas|gráfico|esquema|exemplo|exemplos|equação|fórmula|"
          "capítulo|secção|seção|parágrafo|quadro|texto "
          "seguinte|seguintes|anterior|anteriores|anexo|anexa|abaixo|acima",
          "@parts acima|abaixo|a_seguir|ao_lado $",
          "o|a|os|as|no|na|nos|nas|do|da @modifiers? @parts acima|abaixo|ao_lado !de|do|da|dos|das",
          "ver|veja|vide|como|conforme|mostrad*|descrit*|mencionad*|indicad*|citad*|apresentad*|"
          "listad*|referid* acima|abaixo|anteriormente|a_seguir !de|do|da|dos|das",
          "acima|abaixo|anteriormente|supra mencionad*|descrit*|citad*|indicad*|referid*|mostrad*|"
          "listad*",
          "segundo|de_acordo_com|conforme o|a|os|as @modifiers? @parts",
          "segundo|de_acordo_com|conforme o|a|os|as autor|autora|autores",
          "o_que|que|como mostra|mostram|representa|representam|indica|ilustra o|a|os|as @visuals",
          "o_que|que o|a|os|as @visuals mostra|mostram|representa|indica|ilustra",
          "^ o_que|que|qual|quais|onde|quem|por_que|quantos|quantas ... no|na|nos|nas @visuals $",
          "mostrad*|representad*|ilustrad*|descrit*|indicad*|apresentad* no|na|nos|nas|pelo|pela "
          "@modifiers? @parts",
          "o|a|do|da modelo|método|abordagem|sistema|algoritmo|arquitetura|solução|técnica "
          "propost*",
          "^ o_que|por_que|como|qual ... o|a|os autor|autora|autores",
      }};
}

DeixisList dutch() {
  return {
      "nl",
      "pagina pagina's bladzijde bladzijden document documenten tekst teksten passage sectie "
      "secties hoofdstuk hoofdstukken paragraaf paragrafen alinea artikel artikelen rapport "
      "verslag "
      "boek handboek handleiding gids vergelijking formule formules voorbeeld voorbeelden bijlage "
      "dia studie brochure gebruiksaanwijzing",
      "figuur figuren diagram diagrammen tabel tabellen grafiek grafieken afbeelding afbeeldingen "
      "plaatje foto foto's illustratie illustraties schema schema's tekening tekeningen "
      "schermafbeelding kaart stroomschema",
      "zelfde eerste tweede laatste nieuwe korte hele technische",
      {
          "dit|deze @modifiers? @parts",
          "bovenstaand*|onderstaand*|nevenstaand*|bovengenoemd*|ondergenoemd*|hierboven|hieronder|"
          "hiernaast|voornoemd*",
          "de|het volgende|voorgaande|bijgevoegde|getoonde|afgebeelde @modifiers? @visuals",
          "de|het volgende|voorgaande|voorliggende "
          "tekst|passage|hoofdstuk|paragraaf|alinea|voorbeeld|"
          "voorbeelden|formule|sectie|document|artikel|rapport",
          "het vorige hoofdstuk|voorbeeld",
          "de vorige paragraaf|figuur|tabel|sectie|alinea|afbeelding",
          "zie|zoals boven|onder|verderop|hiervoor|ommezijde !de|het|een",
          "@visuals boven|onder $",
          "volgens|blijkens de|het @modifiers? @parts",
          "volgens de auteur|auteurs|schrijver|schrijvers",
          "wat|hoe toont|tonen|geeft|geven|illustreert|laat|laten de|het @visuals",
          "^ wat|welke|welk|waar|wie|waarom|hoeveel ... in|op|uit de|het @visuals $",
          "getoond|afgebeeld|weergegeven|beschreven|vermeld|geïllustreerd in|op|door de|het "
          "@modifiers? @parts",
          "in|op de|het @visuals getoond|afgebeeld|weergegeven|beschreven|vermeld|te_zien",
          "de|het voorgestelde "
          "model|methode|systeem|aanpak|algoritme|architectuur|oplossing|techniek",
          "^ wat|waarom|hoe|welke ... de auteur|auteurs|schrijver|schrijvers",
      }};
}

DeixisList polish() {
  return {
      "pl",
      "strona strony stronie stronę dokument dokumentu dokumencie dokumentem tekst tekstu tekście "
      "tekstem fragment fragmentu fragmencie rozdział rozdziału rozdziale sekcja sekcji akapit "
      "akapitu akapicie artykuł artykułu artykule raport raportu raporcie książka książki książce "
      "podręcznik podręcznika podręczniku instrukcja instrukcji instrukcję przewodnik przewodniku "
      "równanie równania równaniu wzór wzoru wzorze przykład przykładu przykładzie załącznik "
      "załączniku publikacja publikacji poradnik poradniku",
      "rysunek rysunku rysunki rysunkach rysunkiem diagram diagramu diagramie schemat schematu "
      "schemacie tabela tabeli tabelę tabelach wykres wykresu wykresie wykresy obraz obrazu "
      "obrazie obrazek obrazku zdjęcie zdjęcia zdjęciu ilustracja ilustracji ilustrację mapa mapie "
      "zrzut",
      "sam sama samym pierwszy pierwszym nowy nowym krótki krótkim",
      {
          "ten|ta|tę|tej|tego|tym|tych|tymi @modifiers? @parts",
          "to zdjęcie|równanie",
          "poniższ*|powyższ*|niniejsz*|wyżej_wymienion*|niżej_wymienion*|wyżej_opisan*|"
          "wyżej_wspomnian*|nadmienion*",
          "następując* @modifiers? @parts",
          "poprzedni|poprzednim|poprzedniej|poprzedniego rysunek|rysunku|tabeli|rozdziale|rozdział|"
          "rozdziału|przykładzie|przykład|sekcji|akapicie",
          "jak|zob|zobacz|patrz|opisan*|wymienion*|pokazan*|przedstawion*|podan*|wspomnian*|"
          "omówion* powyżej|poniżej|wyżej|niżej",
          "powyżej|poniżej|wyżej|niżej opisan*|wymienion*|pokazan*|przedstawion*|podan*|wspomnian*|"
          "omówion*",
          "@parts powyżej|poniżej|obok $",
          "według|wg @parts",
          "według|zdaniem autora|autorów|autorki",
          "zgodnie_z|na_podstawie dokumentem|tekstem|rysunkiem|dokumentu|tekstu|rysunku|tabeli|"
          "wykresu|schematu|diagramu|fragmentu",
          "co|jak przedstawia|przedstawiają|pokazuje|pokazują|ilustruje|obrazuje @visuals",
          "^ co|jaki|jaka|jakie|które|który|która|gdzie|kto|dlaczego|ile ... na|w @visuals $",
          "pokazan*|przedstawion*|widoczn*|zilustrowan*|opisan*|podan* na|w @parts",
          "zaproponowan*|proponowan* model*|metod*|system*|algorytm*|podejści*|architektur*|"
          "rozwiązani*",
          "model*|metod*|algorytm*|podejści* zaproponowan*|proponowan*",
          "^ co|dlaczego|jak|jakie ... autor|autorzy|autorka $",
      }};
}

// NOLINTEND(bugprone-suspicious-missing-comma)

}  // namespace

const std::vector<DeixisList>& deixis_lists() {
  static const std::vector<DeixisList> lists = {english(), french(),     german(), spanish(),
                                                italian(), portuguese(), dutch(),  polish()};
  return lists;
}

}  // namespace recto
