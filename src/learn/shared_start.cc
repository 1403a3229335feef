#include "learn/shared_start.h"

#include "base/error.h"

namespace recto {
namespace {

void check_same_as_first(const ProcessGroup& group, const Json& first, const Json& own) {
  for (const auto& [key, value] : own.items()) {
    const Json found = first.contains(key) ? first[key] : Json(nullptr);
    if (found == value) continue;
    fail(ErrorCode::kMismatch,
         "rank {} has {} = {}, but rank 0 has {}; start all processes with the same options, model "
         "and data",
         group.rank(), key, dump_json(value), dump_json(found));
  }
}

}  // namespace

void share_tensors(ProcessGroup& group, const std::vector<NamedParameter>& tensors) {
  if (group.size() == 1) return;
  const torch::NoGradGuard no_grad;
  for (const NamedParameter& tensor : tensors) {
    torch::Tensor value = tensor.value.contiguous();
    group.broadcast(value);
    torch::Tensor target = tensor.value;
    target.copy_(value);
  }
}

void share_start(ProcessGroup& group, const Json& run, Json& place, AdamW& optimizer) {
  if (group.size() == 1) return;
  const Json first = parse_json(group.broadcast(dump_json({{"run", run}, {"place", place}})),
                                "what rank 0 has said");
  check_same_as_first(group, first["run"], run);
  place = first["place"];
  share_tensors(group, optimizer.parameters());
  share_tensors(group, optimizer.state());
}

}  // namespace recto
