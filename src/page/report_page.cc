#include "page/report_page.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "base/html.h"
#include "page/encode.h"
#include "page/fit.h"

namespace recto {
namespace {

constexpr std::string_view kDialog =
    "<dialog id=\"zoom\" aria-label=\"Page\"><form method=\"dialog\"><button class=\"plain\">"
    "Close</button></form><img alt=\"\"></dialog>\n";

constexpr std::string_view kScript = R"js(
'use strict';
document.addEventListener('click', (event) => {
  const button = event.target.closest('button.zoom');
  if (!button) return;
  const dialog = document.getElementById('zoom');
  const large = dialog.querySelector('img');
  const small = button.querySelector('img');
  large.src = small.src;
  large.alt = small.alt;
  dialog.showModal();
});
)js";

std::string picture(const ReportPage& page) {
  if (page.jpeg.empty()) return "<div class=\"nothing\">no picture</div>";
  const std::string name = fmt::format("Page {} of {}", page.number, html_escaped(page.document));
  return fmt::format(
      "<button type=\"button\" class=\"zoom\" aria-label=\"Enlarge: {0}\"><img class=\"thumb\" "
      "alt=\"{0}\" width=\"{1}\" height=\"{2}\" src=\"data:image/jpeg;base64,{3}\"></button>",
      name, page.width, page.height, base64(page.jpeg));
}

}  // namespace

std::string report_thumbnail(const Image& page, int longest_edge) {
  constexpr int kQuality = 70;
  return encode_jpeg(fit(page, longest_edge), kQuality);
}

std::string report_figure(const ReportPage& page) {
  return fmt::format("<figure>{}<figcaption>page {} of <bdi>{}</bdi>{}</figcaption></figure>",
                     picture(page), page.number, html_escaped(page.document),
                     page.licence.empty() ? "" : ", " + html_escaped(page.licence));
}

std::string_view report_zoom_dialog() { return kDialog; }
std::string_view report_zoom_script() { return kScript; }

}  // namespace recto
