#pragma once
// What a file is, by its name; and which names of members of archives are refused.

#include <string>
#include <string_view>

namespace recto {

enum class FileKind {
  kOther,
  kPage,        ///< a PDF or an image: .pdf .jpg .jpeg .png .webp .gif
  kOffice,      ///< for LibreOffice: .doc .docx .odt .rtf .ppt .pptx .odp .xls .xlsx .ods .odg ...
  kArchive,     ///< .zip .tar .tar.gz .tgz .tar.bz2 .tbz2 .tar.xz .txz .tar.zst .tzst
  kCompressed,  ///< one file under .gz .bz2 .xz .zst
};

struct NamedKind {
  FileKind kind = FileKind::kOther;
  /// The ending in lower case, from the fixed list ("" for kOther); of kCompressed that of the
  /// compression.
  std::string_view ending;
  FileKind inner = FileKind::kOther;  ///< of kCompressed: what it holds, kPage, kOffice or kOther
  std::string_view inner_ending;
};

/// By the endings of a file's name, in any case.
NamedKind kind_of_name(std::string_view name);

/// "PDFs and images (.pdf, ...), office files (...), archives (...), compressed files (...)": which
/// files of a folder are read, for people.
std::string readable_kinds();

/// Files that a system keeps beside documents and that end like them: AppleDouble files (._a.pdf)
/// and lock files of office programs (~$a.docx).
bool is_companion_file(std::string_view name);

struct MemberName {
  std::string name;     ///< with single slashes, without "." parts; never leads out of the archive
  std::string refused;  ///< why the name is refused, "" when it is not
};

/// Judges the name of a member of an archive, any bytes. Refused: an empty name, one that is not
/// UTF-8, has control characters or more than 1,000 bytes, an absolute one (also C:), and one with
/// a part "..". A backslash separates as a slash does. `name` of a refused one is for messages.
MemberName check_member_name(std::string_view bytes);

}  // namespace recto
