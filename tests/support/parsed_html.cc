#include "support/parsed_html.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "support/support.h"

namespace recto::test {
namespace {

constexpr const char* kParser = R"py(
import html.parser, json, sys

class Parser(html.parser.HTMLParser):
    VOID = {'meta', 'img', 'input'}

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.bad, self.sources = [], {}, [], []
        self.samples, self.query, self.ids, self.text = [], False, [], ''

    def handle_starttag(self, tag, attributes):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        data = dict(attributes)
        self.bad += [name for name, _ in attributes
                     if name.startswith('on') or name == 'style' or data[name] is None]
        if len(data) != len(attributes):
            self.bad.append('doubled attribute')
        self.sources += [value for name, value in attributes if name in ('src', 'href', 'action')]
        self.ids += [data['id']] if 'id' in data else []
        if 'sample' == data.get('class'):
            self.samples.append({**data, 'text': ''})
        self.query = data.get('class') == 'query'
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.bad.append('end of ' + tag)
        self.query = False

    def handle_data(self, text):
        if self.query and self.samples:
            self.samples[-1]['text'] += text
        if not {'script', 'style'} & set(self.open):
            self.text += text

parser = Parser()
parser.feed(open(sys.argv[1], encoding='utf-8').read())
parser.close()
print(json.dumps({'open': parser.open, 'tags': parser.tags, 'bad': parser.bad,
                  'sources': parser.sources, 'samples': parser.samples, 'ids': parser.ids, 'text': parser.text}))
)py";

}  // namespace

Json parsed_html(const std::string& html) {
  const TemporaryDirectory directory;
  write_file(directory.path() / "parse.py", kParser);
  write_file(directory.path() / "page.html", html);
  const CommandResult result = run_command(fmt::format("'{}' '{}' '{}'", python().string(),
                                                       (directory.path() / "parse.py").string(),
                                                       (directory.path() / "page.html").string()));
  if (result.status != 0) fail(ErrorCode::kInternal, "the parser failed: {}", result.err);
  return parse_json(result.out, "page.html");
}

}  // namespace recto::test
