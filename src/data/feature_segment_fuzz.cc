// libFuzzer: any bytes as a segment of a feature store, read and taken up for writing.

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "data/feature_segment.h"

namespace {

void read_and_append(const std::filesystem::path& path) {
  recto::SegmentReader reader(path);
  for (const recto::PlacedRecord& placed : reader.scan()) reader.read(placed, /*check=*/true);
  const auto writer = recto::SegmentWriter::take(path);
  const std::byte values[8] = {};
  writer->append({.rows = 1}, values);
  RECTO_CHECK(!recto::SegmentReader(path).scan().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const recto::TemporaryDirectory directory;
  recto::set_log_level(recto::LogLevel::kQuiet);
  const std::filesystem::path path = directory.path() / "segment";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try {
    read_and_append(path);
  } catch (const recto::Error&) {  // no segment
  }
  return 0;
}
