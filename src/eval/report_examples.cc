#include "eval/report_examples.h"

#include <algorithm>

#include "base/file.h"
#include "base/html.h"
#include "base/log.h"
#include "page/decode.h"
#include "page/report_page.h"

namespace recto {
namespace {

constexpr size_t kMostExamples = 8;

std::string best_answer(const Judgements& judgements) {
  std::string best;
  int highest = 0;
  for (const auto& [page, grade] : judgements) {
    if (grade <= highest) continue;
    highest = grade;
    best = page;
  }
  return best;
}

std::string first_found(const SystemResult& result, const std::string& query) {
  const auto hits = result.run.find(query);
  if (hits == result.run.end() || hits->second.empty()) return "";
  return ranked_ids(hits->second).front();
}

/// What is shown of a page that is a text alone.
std::string beginning(const std::string& text) {
  constexpr size_t kMost = 300;
  if (text.size() <= kMost) return text;
  size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + " …";
}

/// What is drawn of a page.
class PageFigures {
 public:
  PageFigures(const EvalReport& report, const PagePicture& picture)
      : task_(report.task), picture_(picture), places_(task_.page_places()) {}

  std::string figure(const std::string& page_id) const {
    ReportPage page;
    page.page_id = page_id;
    page.document = page_id;
    const auto place = places_.find(page_id);
    if (task_.texts_only && place != places_.end()) {
      return fmt::format("<p class=\"small\" dir=\"auto\">{}</p><p class=\"small soft\">{}</p>",
                         html_escaped(beginning(task_.page_texts[place->second])),
                         html_escaped(page_id));
    }
    if (place != places_.end()) {
      const TaskPage& known = task_.pages[place->second];
      page.number = known.number;
      const auto name = task_.document_names.find(known.document_id);
      if (name != task_.document_names.end()) page.document = name->second;
    }
    draw(page);
    return report_figure(page);
  }

 private:
  /// A picture that cannot be read is none: the report is of metrics.
  void draw(ReportPage& page) const {
    if (!picture_) return;
    try {
      const std::string bytes = picture_(page.page_id);
      if (bytes.empty()) return;
      const Image image = decode_image(as_bytes(bytes), page.page_id);
      page.jpeg = report_thumbnail(image);
      page.width = image.width;
      page.height = image.height;
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kInterrupted) throw;
      log_warning("report.html: no picture of {}: {}", page.page_id, error.what());
    }
  }

  const RetrievalTask& task_;
  const PagePicture& picture_;
  std::map<std::string, size_t> places_;
};

std::string text_of(const RetrievalTask& task, const std::string& query) {
  const auto found = std::lower_bound(
      task.queries.begin(), task.queries.end(), query,
      [](const QueryRow& row, const std::string& id) { return row.query_id < id; });
  if (found == task.queries.end() || found->query_id != query || found->query.empty()) return query;
  return found->query;
}

std::string document(const char* kind, const char* role, const std::string& page,
                     const PageFigures& figures) {
  return fmt::format("<li class=\"{}\"><p class=\"role small\">{}</p>{}</li>", kind, role,
                     page.empty() ? "<div class=\"nothing\">nothing</div>" : figures.figure(page));
}

std::string drawn(const EvalReport& report, const EvalExample& example,
                  const PageFigures& figures) {
  std::string tags =
      fmt::format("<li>{} {:.2f}</li>", html_escaped(report.systems[0].name), example.first);
  if (report.rival() != nullptr) {
    tags += fmt::format("<li>{} {:.2f}</li>", html_escaped(report.rival()->name), example.second);
  }
  std::string pages = document("wanted", "Should be found", example.wanted, figures);
  if (example.found != example.wanted) {
    pages += document("found", "Was found first", example.found, figures);
  }
  return fmt::format(
      "<li class=\"panel\"><p class=\"query\" dir=\"auto\">{}</p><ul class=\"tags\">{}</ul>"
      "<ul class=\"documents\">{}</ul></li>\n",
      html_escaped(text_of(report.task, example.query_id)), tags, pages);
}

std::string list(const EvalReport& report, bool wins, const char* title,
                 const PageFigures& figures) {
  std::string items;
  for (const EvalExample& example : eval_examples(report, wins, kMostExamples)) {
    items += drawn(report, example, figures);
  }
  if (items.empty()) items = "<li class=\"soft\">None.</li>\n";
  return fmt::format("<h3>{}</h3>\n<ul class=\"examples\">\n{}</ul>\n", title, items);
}

}  // namespace

std::vector<EvalExample> eval_examples(const EvalReport& report, bool wins, size_t most) {
  std::vector<EvalExample> examples;
  if (report.systems.empty()) return examples;
  const SystemResult& first = report.systems[0];
  const SystemResult* second = report.rival();
  const auto gain = [&](const EvalExample& example) {
    if (second == nullptr) return wins ? example.first : example.first - 1;
    return example.first - example.second;
  };
  for (const auto& [query, values] : first.per_query) {
    EvalExample example{query, metric_value(values, report.main_metric), 0, "", ""};
    if (second != nullptr) {
      example.second = metric_value(second->per_query.at(query), report.main_metric);
    }
    if (wins ? gain(example) > 0 : gain(example) < 0) examples.push_back(std::move(example));
  }
  std::stable_sort(examples.begin(), examples.end(), [&](const auto& a, const auto& b) {
    return wins ? gain(a) > gain(b) : gain(a) < gain(b);
  });
  examples.resize(std::min(most, examples.size()));
  for (EvalExample& example : examples) {
    example.wanted = best_answer(report.task.qrels.at(example.query_id));
    example.found = first_found(first, example.query_id);
  }
  return examples;
}

std::string report_examples(const EvalReport& report, const PagePicture& picture) {
  const PageFigures figures(report, picture);
  const std::string against = report.systems.size() > 1
                                  ? " of " + html_escaped(report.systems[0].name) + " against " +
                                        html_escaped(report.rival()->name)
                                  : "";
  return "<section id=\"examples\">\n<h2>Examples</h2>\n" +
         list(report, false, ("Worst losses" + against).c_str(), figures) +
         list(report, true, ("Best wins" + against).c_str(), figures) + "</section>\n";
}

}  // namespace recto
