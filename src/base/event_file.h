#pragma once
// TensorBoard's event files: TFRecords of Event messages (tensorflow/core/util/event.proto and
// framework/summary.proto), encoded here by hand because five fields of them are all it takes.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recto {

/// CRC-32C (Castagnoli), as iSCSI and TFRecord use it.
uint32_t crc32c(std::string_view bytes);

/// `data` as a record of a TFRecord file: its length (64 bits, little-endian), the masked CRC of
/// those 8 bytes, the data, the masked CRC of the data.
std::string tf_record(std::string_view data);

/// The event that every file begins with. Times are seconds since 1970. This and the following
/// return whole records.
std::string version_event(double wall_time);

struct EventScalar {
  std::string tag;   ///< "group/name": TensorBoard shows a group together
  double value = 0;  ///< stored as a 32-bit float
};
std::string scalar_event(double wall_time, int64_t step, const std::vector<EventScalar>& scalars);

/// A table of two columns under Text. TensorBoard renders each cell as Markdown.
std::string table_event(double wall_time, int64_t step, const std::string& tag,
                        const std::vector<std::pair<std::string, std::string>>& rows);

/// The time of the first event in the first bytes of a file, 0 when they hold none.
double first_event_time(std::string_view file);

}  // namespace recto
