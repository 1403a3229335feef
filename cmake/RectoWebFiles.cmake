# cmake -DWEB=DIR -DFILES=LIST -DOUTPUT=FILE -P: the files of the search page as a source of src/serve/
# (web_files.h). Literals are cut since a compiler need not take long ones.
set(types ".html" "text/html; charset=utf-8" ".js" "text/javascript; charset=utf-8"
          ".css" "text/css; charset=utf-8" ".svg" "image/svg+xml")
set(source "#include \"serve/web_files.h\"\n\n#include <array>\n\nnamespace recto {\nnamespace {\n\n")
string(APPEND source "constexpr std::array kFiles = {\n")
foreach(name ${FILES})
  file(READ "${WEB}/${name}" content HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" content "${content}")
  string(REGEX REPLACE "(................................................................................................)"
         "\\1\"\n            \"" content "${content}")
  get_filename_component(ending "${name}" LAST_EXT)
  list(FIND types "${ending}" at)
  math(EXPR at "${at} + 1")
  list(GET types ${at} type)
  set(path "/${name}")
  if(name STREQUAL "index.html")
    set(path "/")
  endif()
  string(APPEND source "    WebFile{\"${path}\", \"${type}\",\n            \"${content}\"},\n")
endforeach()
string(APPEND source "};\n\n}  // namespace\n\nstd::span<const WebFile> web_files() { return kFiles; }\n\n}  // namespace recto\n")
file(WRITE "${OUTPUT}" "${source}")
