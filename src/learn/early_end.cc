#include "learn/early_end.h"

#include "base/interrupt.h"

namespace recto {

bool worth_a_checkpoint(const ProcessGroup& group, const Error& cause) {
  return cause.code() == ErrorCode::kInterrupted || group.ended_by_another();
}

Error early_end(const ProcessGroup& group, const Error& cause, int64_t step, int64_t steps) {
  const std::string what = group.ended_by_another() ? cause.what() : "interrupted";
  // A launcher that has lost one process ends the others by a signal: the program then ends as one
  // that was interrupted, with these words.
  const ErrorCode code = interrupted() ? ErrorCode::kInterrupted : cause.code();
  const char* const checkpoint = group.is_first()
                                     ? "the checkpoint is written, go on with --resume"
                                     : "go on from the latest checkpoint with --resume";
  return {code, fmt::format("{} after step {} of {}; {}{}", what, step, steps, checkpoint,
                            group.size() > 1 ? ", with any number of processes" : "")};
}

}  // namespace recto
