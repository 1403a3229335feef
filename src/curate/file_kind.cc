#include "curate/file_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/utf8.h"

namespace recto {
namespace {

constexpr size_t kMaxNameBytes = 1000;

struct Ending {
  std::string_view text;
  FileKind kind;
};

// Longer endings before those they end in.
constexpr Ending kEndings[] = {
    {".tar.gz", FileKind::kArchive}, {".tar.bz2", FileKind::kArchive},
    {".tar.xz", FileKind::kArchive}, {".tar.zst", FileKind::kArchive},
    {".tgz", FileKind::kArchive},    {".tbz2", FileKind::kArchive},
    {".tbz", FileKind::kArchive},    {".txz", FileKind::kArchive},
    {".tzst", FileKind::kArchive},   {".tar", FileKind::kArchive},
    {".zip", FileKind::kArchive},    {".gz", FileKind::kCompressed},
    {".bz2", FileKind::kCompressed}, {".xz", FileKind::kCompressed},
    {".zst", FileKind::kCompressed}, {".pdf", FileKind::kPage},
    {".jpg", FileKind::kPage},       {".jpeg", FileKind::kPage},
    {".png", FileKind::kPage},       {".webp", FileKind::kPage},
    {".gif", FileKind::kPage},       {".doc", FileKind::kOffice},
    {".docx", FileKind::kOffice},    {".docm", FileKind::kOffice},
    {".odt", FileKind::kOffice},     {".rtf", FileKind::kOffice},
    {".ppt", FileKind::kOffice},     {".pptx", FileKind::kOffice},
    {".pptm", FileKind::kOffice},    {".pps", FileKind::kOffice},
    {".ppsx", FileKind::kOffice},    {".odp", FileKind::kOffice},
    {".xls", FileKind::kOffice},     {".xlsx", FileKind::kOffice},
    {".xlsm", FileKind::kOffice},    {".ods", FileKind::kOffice},
    {".odg", FileKind::kOffice},
};

const Ending* ending_of(std::string_view lower) {
  const auto* found = std::find_if(std::begin(kEndings), std::end(kEndings), [&](const Ending& e) {
    return lower.size() > e.text.size() && lower.ends_with(e.text);
  });
  return found == std::end(kEndings) ? nullptr : found;
}

std::string_view file_name(std::string_view name) {
  return name.substr(name.find_last_of('/') + 1);
}

bool has_control_character(std::string_view name) {
  for (size_t position = 0; position < name.size();) {
    const char32_t c = decode_utf8(name, position);
    if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return true;
  }
  return false;
}

bool is_absolute(std::string_view name) {
  const bool drive =
      name.size() >= 2 && name[1] == ':' && std::isalpha(static_cast<unsigned char>(name[0])) != 0;
  return name.starts_with('/') || drive;
}

}  // namespace

NamedKind kind_of_name(std::string_view name) {
  std::string lower(file_name(name));
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const Ending* ending = ending_of(lower);
  if (ending == nullptr) return {};
  NamedKind kind{ending->kind, ending->text};
  if (kind.kind != FileKind::kCompressed) return kind;
  const Ending* inner = ending_of(lower.substr(0, lower.size() - ending->text.size()));
  if (inner != nullptr && (inner->kind == FileKind::kPage || inner->kind == FileKind::kOffice)) {
    kind.inner = inner->kind;
    kind.inner_ending = inner->text;
  }
  return kind;
}

std::string readable_kinds() {
  const auto endings = [](FileKind kind) {
    std::string list;
    for (const Ending& ending : kEndings) {
      if (ending.kind != kind) continue;
      if (!list.empty()) list += ' ';
      list += ending.text;
    }
    return list;
  };
  return fmt::format(
      "PDFs and images ({}), with LibreOffice office files ({}), archives of these ({}) and "
      "compressed ones ({})",
      endings(FileKind::kPage), endings(FileKind::kOffice), endings(FileKind::kArchive),
      endings(FileKind::kCompressed));
}

bool is_companion_file(std::string_view name) {
  const std::string_view own = file_name(name);
  return own.starts_with("._") || own.starts_with("~$");
}

MemberName check_member_name(std::string_view bytes) {
  MemberName member;
  std::string name(bytes);
  std::replace(name.begin(), name.end(), '\\', '/');
  bool leads_out = false;
  for (size_t at = 0; at < name.size();) {
    const size_t end = std::min(name.find('/', at), name.size());
    const std::string_view part = std::string_view(name).substr(at, end - at);
    leads_out = leads_out || part == "..";
    if (!part.empty() && part != ".") {
      member.name += member.name.empty() ? "" : "/";
      member.name += part;
    }
    at = end + 1;
  }
  if (!is_valid_utf8(name)) {
    member.refused = "its name is not UTF-8";
  } else if (has_control_character(name)) {
    member.refused = "its name has control characters";
  } else if (name.size() > kMaxNameBytes) {
    member.refused = "its name has more than 1000 bytes";
  } else if (is_absolute(name)) {
    member.refused = "its name is an absolute path";
  } else if (leads_out) {
    member.refused = "its name leads out of the archive (..)";
  } else if (member.name.empty()) {
    // An entry for the folder itself, as tar writes it, has no name left either.
    member.refused = name.empty() ? "it has no name" : "";
  }
  return member;
}

}  // namespace recto
