#include "learn/early_end.h"

#include "base/interrupt.h"
#include "base/log.h"

namespace recto {

bool worth_a_checkpoint(const ProcessGroup& group, const Error& cause) {
  return cause.code() == ErrorCode::kInterrupted || group.ended_by_another();
}

Error early_end(const ProcessGroup& group, const Error& cause, int64_t step, int64_t steps) {
  const std::string what = group.ended_by_another() ? cause.what() : "interrupted";
  // A launcher then ends all by a signal, and the program speaks of that alone.
  if (group.ended_by_another() && interrupted()) log_warning("{}", what);
  const char* const checkpoint = group.is_first()
                                     ? "the checkpoint is written, go on with --resume"
                                     : "go on from the latest checkpoint with --resume";
  return {cause.code(), fmt::format("{} after step {} of {}; {}{}", what, step, steps, checkpoint,
                                    group.size() > 1 ? ", with any number of processes" : "")};
}

}  // namespace recto
