#include "learn/step_guard.h"

#include "base/error.h"
#include "base/log.h"

namespace recto {

void StepGuard::skip(int64_t step, double value) {
  ++skipped_;
  ++bad_steps_;
  log_warning("step {}: the loss or a gradient is {}; the step is skipped", step, value);
  if (bad_steps_ < kMostBadSteps) return;
  fail(ErrorCode::kInternal,
       "the loss was not a number in {} steps in a row, so the training has diverged; lower --lr "
       "(it is {}) and start again from an earlier model",
       bad_steps_, learning_rate_);
}

}  // namespace recto
