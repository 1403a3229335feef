#include "curate/deixis.h"

#include <gtest/gtest.h>

namespace recto {
namespace {

struct Cases {
  const char* language;
  std::vector<std::string> pointing;
  std::vector<std::string> titles;  ///< that only look like it
};

const std::vector<Cases>& cases() {
  static const std::vector<Cases> all = {
      {"en",
       {"What does this diagram show?", "The parts of the pump in the figure above",
        "Which values does the following table list?",
        "How is the relay wired in this wiring diagram?", "See below", "Settings described above",
        "Conventions used in this manual", "What is the input voltage shown in the schematic?",
        "Results of the proposed method", "Which of the following is true?",
        "According to the document, who must sign?", "What colour is the line in the chart?",
        "What do the authors conclude?", "What is the purpose of the above example?",
        "Explain the table below", "What does the graph indicate?", "the aforementioned limits",
        "Figure below", "The same trace data in a different view"},
       {"How to draw a diagram",
        "Table of contents",
        "Above-ground pool installation",
        "Running the same program in another window",
        "Operation below zero",
        "Previous versions",
        "The present perfect tense",
        "What is the this pointer in C++?",
        "How does this work?",
        "Following the money",
        "Inserting a table below the text",
        "Page numbering in long documents",
        "See-through displays",
        "Reading text from standard input",
        "How this affects page layout",
        "Images and figures",
        "Deployment in the following year",
        "Graphs and charts in reports",
        "What is the default page size?",
        "Bird's-eye view of the map editor",
        "Above average rainfall",
        "Writing a document in the editor",
        "Manual of style"}},
      {"fr",
       {"Que montre le schéma ci-dessus ?", "Les mêmes données dans une autre vue",
        "Les pièces de ce diagramme", "Lire le tableau suivant", "Voir ci-dessous",
        "À quoi sert ce document ?", "Selon le texte, qui est responsable ?",
        "Les valeurs indiquées dans le tableau", "Quelle est la tension sur le graphique ?",
        "Que représente l'image ?", "Avantages de la méthode proposée", "comme décrit plus haut",
        "Le présent manuel", "Que disent les auteurs ?", "Cette page décrit l'installation",
        "l'exemple précédent"},
       {"Tableau de bord", "Figures de style", "Le document unique d'évaluation des risques",
        "Insérer une image dans un document", "Guide de l'utilisateur",
        "Page suivante et précédente", "Schéma directeur", "Ce qu'il faut savoir",
        "Le plus haut sommet", "Suivre un document", "Dessins et modèles industriels",
        "Comment créer un tableau ?", "Cette année en Europe", "Textes réglementaires",
        "Où trouver la carte grise ?", "Méthodes de travail", "Les auteurs du XIXe siècle"}},
      {"de",
       {"Was zeigt dieses Diagramm?", "Dieselben Daten in einer anderen Ansicht", "siehe oben",
        "Werte der folgenden Tabelle", "Die obige Abbildung", "wie oben beschrieben",
        "Inhalt dieses Handbuchs", "Was ist in der Abbildung dargestellt?", "Was zeigt die Grafik?",
        "Welche Spannung steht im Schaltplan?", "Laut Dokument zulässige Werte",
        "Vorteile des vorgeschlagenen Verfahrens", "Die nachstehenden Angaben",
        "Im Folgenden verwendete Begriffe", "Warum wählen die Autoren diesen Weg?", "Tabelle unten",
        "das vorliegende Dokument"},
       {"Tabellen erstellen", "Bilder einfügen", "Seite einrichten", "Obere Grenzwerte",
        "Folgende Fehler beheben", "Abbildungsverzeichnis erzeugen",
        "Text in einem Dokument suchen", "Diagramme in Tabellen einfügen", "Diese Woche in Berlin",
        "Oben und unten", "Was ist ein Schaltplan?", "Die Seite nach unten verschieben",
        "Vorschläge für Verfahren", "Wie funktioniert die Tabelle der Elemente?",
        "Kapitel und Abschnitte nummerieren", "Vorliegende Genehmigungen",
        "Wie ein vorliegender Text übersetzt wird", "Gesetzliche Folgen"}},
      {"es",
       {"¿Qué muestra este diagrama?", "Los mismos datos en otra vista",
        "Los valores de la siguiente tabla", "véase más arriba",
        "Según el documento, ¿quién firma?", "¿Qué representa la figura?",
        "¿Cuál es el voltaje en el gráfico?", "El objetivo de este manual",
        "los límites anteriormente mencionados", "Datos mostrados en la tabla",
        "Ventajas del método propuesto", "la figura anterior", "El presente documento",
        "¿Qué concluyen los autores?", "como se describe en esta sección", "la tabla de abajo"},
       {"Tabla periódica", "Figura jurídica del mediador", "Arriba y abajo",
        "Insertar una tabla en un documento", "Ver documentos recientes", "Manual del usuario",
        "Gráficos vectoriales", "Página siguiente", "Este de Europa", "¿Dónde está el documento?",
        "Presente de indicativo", "Versiones anteriores", "¿Cómo crear un gráfico?",
        "Según la ley española", "Diagramas de flujo", "Autores clásicos", "Siguientes pasos"}},
      {"it",
       {"Che cosa mostra questo diagramma?", "I valori della seguente tabella", "vedi sopra",
        "Secondo il documento chi è responsabile?", "Cosa rappresenta la figura?",
        "Qual è la tensione nel grafico?", "Lo scopo di questo manuale", "i limiti sopra indicati",
        "I dati riportati nella tabella", "Vantaggi del metodo proposto", "l'immagine qui sotto",
        "Cosa concludono gli autori?", "la figura precedente", "In quest'immagine",
        "come descritto in precedenza"},
       {"Tabella periodica", "Sopra e sotto", "Inserire un'immagine in un documento",
        "Manuale utente", "Grafici a torta", "Pagina precedente", "Figure retoriche",
        "Come creare una tabella?", "Secondo principio della termodinamica", "Documenti recenti",
        "Questo mese in biblioteca", "Autori italiani", "Disegni tecnici",
        "Che cos'è un diagramma?", "Schema elettrico", "Testo e formattazione",
        "Metodi di lavoro"}},
      {"pt",
       {"O que mostra este diagrama?", "Os valores da tabela abaixo", "ver acima",
        "Segundo o documento, quem assina?", "O que representa a figura?",
        "Qual é a tensão no gráfico?", "O objetivo deste manual", "os limites acima mencionados",
        "Dados apresentados na tabela", "Vantagens do método proposto", "a seguinte figura",
        "O que concluem os autores?", "conforme descrito nesta secção", "o exemplo anterior",
        "a imagem ao lado"},
       {"Tabela periódica", "Acima e abaixo", "Inserir uma imagem num documento",
        "Manual do utilizador", "Gráficos vetoriais", "Página seguinte", "Figuras de linguagem",
        "Como criar uma tabela?", "Segundo a lei portuguesa", "Documentos recentes",
        "Este mês na biblioteca", "Autores portugueses", "Temperaturas abaixo de zero",
        "O que é um diagrama?", "Esquema elétrico", "Texto e formatação", "Versões anteriores"}},
      {"nl",
       {"Wat toont dit diagram?", "Waarden in de onderstaande tabel", "zie hierboven",
        "Volgens het document wie tekent?", "Wat laat de figuur zien?",
        "Welke spanning staat in de grafiek?", "Het doel van deze handleiding",
        "de bovengenoemde grenzen", "De gegevens vermeld in de tabel",
        "Voordelen van de voorgestelde methode", "de volgende afbeelding",
        "Wat concluderen de auteurs?", "zoals beschreven in dit hoofdstuk", "het vorige hoofdstuk",
        "de foto hiernaast"},
       {"Tabellen maken", "Boven en onder", "Een afbeelding in een document invoegen",
        "Gebruikershandleiding", "Taartdiagrammen", "Volgende pagina", "Figuurzagen",
        "Hoe maak ik een tabel?", "Volgens de Nederlandse wet", "Recente documenten",
        "Deze maand in de bibliotheek", "Nederlandse auteurs", "Temperaturen onder nul",
        "Wat is een diagram?", "Elektrisch schema", "Tekst en opmaak", "Vorige versies"}},
      {"pl",
       {"Co przedstawia ten diagram?", "Wartości w poniższej tabeli", "jak opisano powyżej",
        "Według dokumentu kto podpisuje?", "Co pokazuje rysunek?",
        "Jakie napięcie jest na wykresie?", "Cel tej instrukcji", "wyżej wymienione ograniczenia",
        "Dane przedstawione w tabeli", "Zalety proponowanej metody", "następujący rysunek",
        "Niniejszy dokument", "tabela poniżej", "na tym schemacie",
        "Dlaczego tak uważają autorzy?"},
       {"Tworzenie tabeli", "Powyżej i poniżej zera", "Wstawianie obrazu do dokumentu",
        "Instrukcja obsługi", "Wykresy kołowe", "Następna strona", "Figury retoryczne",
        "Jak utworzyć tabelę?", "Zgodnie z polskim prawem", "Ostatnie dokumenty",
        "W tym miesiącu w bibliotece", "Autorzy polscy", "Temperatury poniżej zera",
        "Czym jest diagram?", "Schemat elektryczny", "Tekst i formatowanie", "Poprzednie wersje"}},
  };
  return all;
}

TEST(Deixis, PointingPhrasesAreFoundAndTitlesAreNot) {
  WordTokenizer tokenizer;
  const DeixisFinder finder(tokenizer);
  for (const Cases& language : cases()) {
    EXPECT_GE(language.pointing.size(), 12u);
    EXPECT_GE(language.titles.size(), 12u);
    for (const std::string& query : language.pointing) {
      EXPECT_FALSE(finder.find(tokenizer.words(query)).empty())
          << language.language << ": " << query;
    }
    for (const std::string& title : language.titles) {
      EXPECT_EQ(finder.find(tokenizer.words(title)), "") << language.language << ": " << title;
    }
  }
}

TEST(Deixis, EveryLanguageHasAList) {
  std::vector<std::string> names;
  for (const DeixisList& list : deixis_lists()) names.emplace_back(list.language);
  EXPECT_EQ(names, (std::vector<std::string>{"en", "fr", "de", "es", "it", "pt", "nl", "pl"}));
  WordTokenizer tokenizer;
  const DeixisFinder finder(tokenizer);
  EXPECT_EQ(finder.find({}), "");
  EXPECT_EQ(finder.find(tokenizer.words("was zeigt dieses Diagramm")), "de");
}

}  // namespace
}  // namespace recto
