#include "curate/report_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "base/sha256.h"
#include "base/utf8.h"
#include "curate/report_assets.h"

namespace recto {
namespace {

// ---- text

/// As the content of an element or of a quoted attribute. What no HTML may hold becomes U+FFFD.
std::string escaped(std::string_view text) {
  std::string out;
  for (size_t position = 0; position < text.size();) {
    const char32_t c = decode_utf8(text, position);
    const bool control = (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7F && c < 0xA0);
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        append_utf8(out, control ? U'\uFFFD' : c);
    }
  }
  return out;
}

/// 1,234,567
std::string grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3 && digits[at - 4] != '-';) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string base64(std::string_view bytes) {
  constexpr const char* kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<uint8_t>(bytes[i + k]) : 0u);
    }
    for (size_t k = 0; k < 4; ++k) {
      out += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

/// 'sha256-...' as a content security policy names an inline script or style.
std::string policy_hash(std::string_view content) {
  const std::string hex = sha256_hex(content);
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return "'sha256-" + base64(bytes) + "'";
}

// ---- parts

std::string head(const CurationReport& report) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
      "style-src {}; script-src {}; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}: curation report</title>\n<style>{}</style>\n</head>\n",
      policy_hash(report_style()), policy_hash(report_script()), escaped(report.title),
      report_style());
}

std::string page_header(const CurationReport& report) {
  std::string out = fmt::format(
      "<header class=\"page\">\n<h1><bdi>{}</bdi></h1>\n"
      "<p class=\"soft\">Curation report by {}. Dataset <code>{}</code></p>\n",
      escaped(report.title), escaped(report.made_by), escaped(report.dataset_id));
  if (!report.totals.empty()) {
    out += "<dl class=\"tiles\">\n";
    for (const ReportCount& total : report.totals) {
      out += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escaped(total.name),
                         grouped(total.count));
    }
    out += "</dl>\n";
  }
  return out +
         "<nav aria-label=\"Sections\"><ul><li><a href=\"#stages\">Stages</a></li><li>"
         "<a href=\"#content\">Content</a></li><li><a href=\"#lengths\">Lengths</a></li><li>"
         "<a href=\"#near\">Near-duplicates</a></li><li><a href=\"#gallery\">Gallery</a></li></ul>"
         "</nav>\n</header>\n";
}

/// A bar of `share` of the width, the rest in another colour when `rest` is wanted.
std::string bar(double share, bool rest) {
  const double width = 100 * std::clamp(share, 0.0, 1.0);
  return fmt::format(
      "<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
      "{}<rect class=\"kept\" width=\"{:.2f}\" height=\"8\"/></svg>",
      rest ? "<rect class=\"lost\" width=\"100\" height=\"8\"/>" : "", width);
}

double share_of(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::string reasons(const ReportStage& stage) {
  if (stage.dropped.empty()) return "";
  std::string out =
      fmt::format("<details><summary>{} {}</summary><ul class=\"reasons small\">",
                  stage.dropped.size(), stage.dropped.size() == 1 ? "reason" : "reasons");
  for (const ReportCount& reason : stage.dropped) {
    out += fmt::format("<li>{} <span class=\"soft\">{}</span></li>", escaped(reason.name),
                       grouped(reason.count));
  }
  return out + "</ul></details>";
}

std::string stages(const CurationReport& report) {
  std::string out =
      "<section id=\"stages\">\n<h2>What each stage kept</h2>\n<div class=\"panel scroll\"><table>"
      "<thead><tr><th scope=\"col\">Stage</th><th scope=\"col\" class=\"number\">In</th>"
      "<th scope=\"col\" class=\"number\">Kept</th><th scope=\"col\" class=\"number\">Dropped</th>"
      "<th scope=\"col\">Share kept</th><th scope=\"col\">Why dropped</th></tr></thead><tbody>\n";
  for (const ReportStage& stage : report.stages) {
    out += fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td class=\"number\">{}</td>"
        "<td class=\"number\">{}</td><td class=\"chart\">{}<span class=\"small soft\">{:.1f} %"
        "</span></td><td>{}</td></tr>\n",
        escaped(stage.name), grouped(stage.in), grouped(stage.kept), grouped(stage.in - stage.kept),
        bar(share_of(stage.kept, stage.in), true), 100 * share_of(stage.kept, stage.in),
        reasons(stage));
  }
  return out + "</tbody></table></div>\n</section>\n";
}

std::string shares(const ReportShares& group) {
  int64_t sum = 0;
  int64_t largest = 0;
  for (const ReportCount& count : group.counts) {
    sum += count.count;
    largest = std::max(largest, count.count);
  }
  std::string out =
      fmt::format("<div class=\"panel\"><h3>{}</h3><table><tbody>\n", escaped(group.title));
  for (const ReportCount& count : group.counts) {
    out += fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"chart\">{}</td><td class=\"number\">{}</td>"
        "<td class=\"number soft small\">{:.1f} %</td></tr>\n",
        count.name.empty() ? "<span class=\"soft\">unknown</span>" : escaped(count.name),
        bar(share_of(count.count, largest), false), grouped(count.count),
        100 * share_of(count.count, sum));
  }
  return out + "</tbody></table></div>\n";
}

std::string content(const CurationReport& report) {
  std::string out =
      "<section id=\"content\">\n<h2>What it consists of</h2>\n<div class=\"panels\">\n";
  for (const ReportShares& group : report.shares) out += shares(group);
  return out + "</div>\n</section>\n";
}

std::string histogram(const ReportHistogram& data) {
  constexpr double kWidth = 400;
  constexpr double kHeight = 130;
  const int64_t largest =
      data.counts.empty() ? 0 : *std::max_element(data.counts.begin(), data.counts.end());
  const double step = kWidth / static_cast<double>(std::max<size_t>(1, data.counts.size()));
  std::string out = fmt::format(
      "<div class=\"panel\"><h3>{}</h3><svg viewBox=\"0 0 400 160\" role=\"img\" "
      "aria-label=\"{}, histogram in {}\">",
      escaped(data.title), escaped(data.title), escaped(data.unit));
  for (size_t i = 0; i < data.counts.size(); ++i) {
    const double height = kHeight * share_of(data.counts[i], largest);
    const double left = step * static_cast<double>(i);
    const bool last = i + 1 == data.counts.size();
    const std::string range =
        last ? fmt::format("{} and more", grouped(data.edges[i]))
             : fmt::format("{} to {}", grouped(data.edges[i]), grouped(data.edges[i + 1] - 1));
    out += fmt::format(
        "<rect class=\"kept\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\">"
        "<title>{} {}: {}</title></rect><text x=\"{:.2f}\" y=\"146\">{}</text>",
        left + 1, kHeight - height, step - 2, height, range, escaped(data.unit),
        grouped(data.counts[i]), left + 1, grouped(data.edges[i]));
  }
  return out + fmt::format(
                   "<line class=\"axis\" x1=\"0\" y1=\"{0}\" x2=\"400\" y2=\"{0}\"/></svg>"
                   "<p class=\"small soft\">{1}; the highest bar stands for {2}</p></div>\n",
                   kHeight, escaped(data.unit), grouped(largest));
}

std::string lengths(const CurationReport& report) {
  std::string out = "<section id=\"lengths\">\n<h2>Lengths</h2>\n<div class=\"panels\">\n";
  for (const ReportHistogram& data : report.histograms) out += histogram(data);
  return out + "</div>\n</section>\n";
}

std::string picture(const ReportPage& page) {
  if (page.jpeg.empty()) return "<div class=\"nothing\">no picture</div>";
  const std::string name = fmt::format("Page {} of {}", page.number, escaped(page.document));
  return fmt::format(
      "<button type=\"button\" class=\"zoom\" aria-label=\"Enlarge: {0}\"><img class=\"thumb\" "
      "alt=\"{0}\" width=\"{1}\" height=\"{2}\" src=\"data:image/jpeg;base64,{3}\"></button>",
      name, page.width, page.height, base64(page.jpeg));
}

std::string figure(const ReportPage& page) {
  return fmt::format("<figure>{}<figcaption>page {} of <bdi>{}</bdi>{}</figcaption></figure>",
                     picture(page), page.number, escaped(page.document),
                     page.licence.empty() ? "" : ", " + escaped(page.licence));
}

std::string near_pair(const ReportNearPair& pair) {
  return fmt::format(
      "<li class=\"pair\"><p class=\"small\"><strong>{}</strong> <span class=\"soft\">{} of 256 "
      "bits differ, text overlap {:.2f}</span></p><div class=\"two\">{}{}</div></li>\n",
      pair.duplicate ? "Duplicate" : "Near", pair.distance, pair.jaccard, figure(pair.first),
      figure(pair.second));
}

std::string sample(const ReportSample& pair) {
  std::string tags;
  for (const std::string& tag : {pair.kind, pair.language, pair.split, pair.method}) {
    if (!tag.empty()) tags += "<li>" + escaped(tag) + "</li>";
  }
  if (pair.rank > 0) tags += fmt::format("<li>round trip rank {}</li>", pair.rank);
  std::string excerpt;
  if (!pair.page.excerpt.empty()) {
    excerpt = fmt::format(
        "<details class=\"small\"><summary>Text of the page</summary><p class=\"excerpt\" "
        "dir=\"auto\">{}</p></details>",
        escaped(pair.page.excerpt));
  }
  return fmt::format(
      "<li class=\"sample\" tabindex=\"0\" data-query-id=\"{}\" data-page-id=\"{}\" "
      "data-kind=\"{}\" data-language=\"{}\" data-split=\"{}\"><p class=\"query\" dir=\"auto\">{}"
      "</p><ul class=\"tags\">{}</ul>{}{}<div class=\"controls\"><button type=\"button\" "
      "class=\"plain accept\" aria-pressed=\"false\">Accept</button><button type=\"button\" "
      "class=\"plain reject\" aria-pressed=\"false\">Reject</button><input class=\"note\" "
      "type=\"text\" maxlength=\"500\" aria-label=\"Note\" placeholder=\"Note\"></div></li>\n",
      escaped(pair.query_id), escaped(pair.page.page_id), escaped(pair.kind),
      escaped(pair.language), escaped(pair.split), escaped(pair.query), tags, figure(pair.page),
      excerpt);
}

// ---- the gallery's tools

std::string select(const char* name, const char* label, const std::set<std::string>& values) {
  std::string out = fmt::format(
      "<label for=\"filter-{0}\">{1}</label><select id=\"filter-{0}\"><option value=\"*\">all"
      "</option>",
      name, label);
  for (const std::string& value : values) {
    out += fmt::format("<option value=\"{}\">{}</option>", escaped(value),
                       value.empty() ? "unknown" : escaped(value));
  }
  return out + "</select>\n";
}

std::string toolbar(const std::vector<ReportSample>& samples) {
  std::set<std::string> kinds;
  std::set<std::string> languages;
  std::set<std::string> splits;
  for (const ReportSample& sample : samples) {
    kinds.insert(sample.kind);
    languages.insert(sample.language);
    splits.insert(sample.split);
  }
  return "<div class=\"toolbar\" role=\"toolbar\" aria-label=\"Filters and review\">\n" +
         select("kind", "Kind", kinds) + select("language", "Language", languages) +
         select("split", "Split", splits) +
         select("decision", "Decision", {"accept", "open", "reject"}) +
         "<button type=\"button\" class=\"plain\" id=\"export\">Export review</button>"
         "<button type=\"button\" class=\"plain\" id=\"load\">Load review</button>"
         "<input type=\"file\" id=\"file\" class=\"hidden\" accept=\".json,application/json\" "
         "tabindex=\"-1\" aria-hidden=\"true\"><span id=\"progress\"></span></div>\n"
         "<p id=\"message\" class=\"small soft\" role=\"status\"></p>\n";
}

constexpr const char* kHelp =
    "<p class=\"small soft\">Does the page answer the query? Keys: <kbd>j</kbd> <kbd>k</kbd> next "
    "and previous, <kbd>a</kbd> accept, <kbd>r</kbd> reject, <kbd>n</kbd> note, <kbd>z</kbd> "
    "enlarge, <kbd>e</kbd> export. Decisions live in this window only until they are exported; "
    "then: <code>recto dataset apply-review DIR REVIEW.json</code></p>\n";

// ---- what fits

/// The first parts that together have at most `budget` bytes.
template <typename Item, typename Draw>
std::pair<std::string, size_t> drawn(const std::vector<Item>& items, size_t budget, Draw draw) {
  std::string out;
  size_t count = 0;
  for (const Item& item : items) {
    const std::string part = draw(item);
    if (out.size() + part.size() > budget) break;
    out += part;
    ++count;
  }
  return {std::move(out), count};
}

std::string near_section(const CurationReport& report, size_t budget) {
  const auto [pairs, shown] = drawn(report.near_pairs, budget, near_pair);
  const int64_t total = std::max(report.near_pairs_total, std::ssize(report.near_pairs));
  std::string out = "<section id=\"near\">\n<h2>Near-duplicate pages</h2>\n";
  if (total == 0) return out + "<p>None were found.</p>\n</section>\n";
  return out + fmt::format(
                   "<p class=\"soft\">{} of {} pairs.</p>\n<ul class=\"pairs\">\n{}</ul>\n"
                   "</section>\n",
                   grouped(static_cast<int64_t>(shown)), grouped(total), pairs);
}

std::string gallery(const CurationReport& report, size_t budget) {
  const auto [samples, shown] = drawn(report.samples, budget, sample);
  const int64_t total = std::max(report.samples_total, std::ssize(report.samples));
  std::string out = "<section id=\"gallery\">\n<h2>Queries and their pages</h2>\n";
  if (total == 0) return out + "<p>There are no queries.</p>\n</section>\n";
  const std::vector<ReportSample> visible(report.samples.begin(),
                                          report.samples.begin() + static_cast<ptrdiff_t>(shown));
  return out +
         fmt::format("<p class=\"soft\">{} of {} pairs, drawn at random.</p>\n",
                     grouped(static_cast<int64_t>(shown)), grouped(total)) +
         kHelp + toolbar(visible) + "<ul class=\"samples\">\n" + samples + "</ul>\n</section>\n";
}

}  // namespace

std::string report_html(const CurationReport& report, size_t max_bytes) {
  constexpr size_t kReserve = 8192;  // for the end, and the tools of the gallery
  std::string out = head(report);
  out += fmt::format("<body data-dataset=\"{}\">\n", escaped(report.dataset_id));
  out += page_header(report) + "<main>\n" + stages(report) + content(report) + lengths(report);
  const auto left = [&] { return max_bytes - std::min(max_bytes, out.size() + kReserve); };
  out += near_section(report, std::min(max_bytes / 4, left()));
  out += gallery(report, left() - std::min(left(), report_script().size()));
  out += fmt::format(
      "</main>\n<dialog id=\"zoom\" aria-label=\"Page\"><form method=\"dialog\"><button "
      "class=\"plain\">Close</button></form><img alt=\"\"></dialog>\n"
      "<footer class=\"small soft\">Made by {}. This file loads nothing from anywhere.</footer>\n"
      "<script>{}</script>\n</body>\n</html>\n",
      escaped(report.made_by), report_script());
  return out;
}

}  // namespace recto
