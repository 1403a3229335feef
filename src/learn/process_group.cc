#include "learn/process_group.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "base/interrupt.h"
#include "base/interrupt_request.h"

#ifdef USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include "learn/peer_store.h"
#include "learn/peer_watch.h"
#endif

namespace recto {

Share share_of(size_t items, int rank, int size) {
  const auto before = [&](int ranks) {
    return items * static_cast<size_t>(ranks) / static_cast<size_t>(size);
  };
  return {before(rank), before(rank + 1) - before(rank)};
}

int ProcessGroup::largest_share(int items) const { return (items + place_.size - 1) / place_.size; }

#ifdef USE_C10D_GLOO

namespace {

// A collective waits for a process that measures or writes as long as that takes; whether the
// process lives is the business of PeerWatch.
constexpr std::chrono::milliseconds kForever = std::chrono::hours(24 * 365);

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

int equal_to(const std::vector<PeerGreeting>& all, const PeerGreeting& own,
             std::string PeerGreeting::* member) {
  return static_cast<int>(std::count_if(
      all.begin(), all.end(), [&](const PeerGreeting& one) { return one.*member == own.*member; }));
}

Error error_of_peer(const PeerStop& stop, int size) {
  switch (stop.kind) {
    case PeerStop::Kind::kInterrupted:
      return {ErrorCode::kInterrupted,
              fmt::format("rank {} of {} was interrupted", stop.rank, size)};
    case PeerStop::Kind::kFailed:
      return {ErrorCode::kIo, fmt::format("rank {} of {} failed: {}", stop.rank, size, stop.text)};
    case PeerStop::Kind::kLost:
      break;
  }
  return {ErrorCode::kIo, fmt::format("rank {} of {} was lost ({})", stop.rank, size, stop.text)};
}

}  // namespace

struct ProcessGroup::Peers {
  Peers(const Rendezvous& place, double timeout);

  void meet(const Rendezvous& place, double timeout);
  c10d::Backend& backend(const torch::Tensor& values);
  /// Waits for what `start` begins. Throws Error(kInterrupted) when a signal arrives or another
  /// process says stop, Error(kIo) when a connection breaks.
  template <typename Start>
  void complete(const Start& start);
  [[noreturn]] void fail_broken(const std::string& text);

  int size;
  c10::intrusive_ptr<c10d::Store> store;
  std::unique_ptr<PeerWatch> watch;
  c10::intrusive_ptr<c10d::Backend> gloo;
  c10::intrusive_ptr<c10d::Backend> nccl;
  int on_this_machine = 1;
  int on_these_cores = 1;
  bool pending = false;  // a collective was left unfinished
  bool broken = false;   // a connection broke
  bool left = false;
  bool by_another = false;
};

ProcessGroup::Peers::Peers(const Rendezvous& place, double timeout)
    : size(place.size),
      store(connect_store(place, place.rank == 0 && !place.foreign_store, timeout)),
      watch(std::make_unique<PeerWatch>(connect_store(place, false, timeout), place.rank, size,
                                        timeout)) {}

void ProcessGroup::Peers::meet(const Rendezvous& place, double timeout) {
  const PeerGreeting own = own_greeting(place);
  std::vector<PeerGreeting> all;
  try {
    all = greet(*store, place, own, timeout);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    fail_broken(outside_text(error));
  }
  on_this_machine = equal_to(all, own, &PeerGreeting::machine);
  on_these_cores = equal_to(all, own, &PeerGreeting::cores);
  const auto options = c10d::ProcessGroupGloo::Options::create(milliseconds(timeout));
  try {
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(own.address));
    gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(store, place.rank, place.size, options);
    gloo->setTimeout(kForever);
#ifdef USE_C10D_NCCL
    if (torch::cuda::is_available()) {  // without a GPU it cannot be made
      const auto with_gpu = c10d::ProcessGroupNCCL::Options::create();
      with_gpu->timeout = kForever;
      nccl = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, place.rank, place.size, with_gpu);
    }
#endif
  } catch (const std::exception& error) {
    fail(ErrorCode::kIo,
         "rank {}, known to the others as {}, could not connect to all of them within {:.0f} s "
         "({}); when the machine has several networks, GLOO_SOCKET_IFNAME names the interface",
         place.rank, own.address, timeout, outside_text(error));
  }
}

c10d::Backend& ProcessGroup::Peers::backend(const torch::Tensor& values) {
  if (!values.is_cuda()) return *gloo;
  if (nccl) return *nccl;
  fail(ErrorCode::kUnsupported,
       "this libtorch has no NCCL, which several processes on GPUs need; take a build for CUDA");
}

void ProcessGroup::Peers::fail_broken(const std::string& text) {
  broken = true;
  if (const std::optional<PeerStop> stop = watch->find_lost()) throw error_of_peer(*stop, size);
  fail(ErrorCode::kIo, "the connection to another process broke ({})", text);
}

template <typename Start>
void ProcessGroup::Peers::complete(const Start& start) {
  throw_if_interrupted();
  pending = true;
  try {
    const c10::intrusive_ptr<c10d::Work> work = start();
    for (std::chrono::microseconds pause{20}; !work->isCompleted();
         pause = std::min(pause * 2, std::chrono::microseconds(5000))) {
      throw_if_interrupted();
      if (watch->stop()) request_interrupt();  // a store that hangs is found here alone
      std::this_thread::sleep_for(pause);
    }
    work->wait();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    fail_broken(outside_text(error));
  }
  pending = false;
}

ProcessGroup::ProcessGroup() = default;

ProcessGroup::ProcessGroup(const Rendezvous& place, double timeout) : place_(place) {
  if (place.size == 1) return;
  peers_ = std::make_unique<Peers>(place, timeout);
  try {
    peers_->meet(place, timeout);
  } catch (const Error& error) {
    throw leave(error);
  }
}

ProcessGroup::~ProcessGroup() {
  if (!peers_) return;
  peers_->watch.reset();
  // Threads of gloo that still wait for the others would be waited for in turn: they end with the
  // process.
  if (peers_->pending) static_cast<void>(peers_.release());
}

int ProcessGroup::on_this_machine() const { return peers_ ? peers_->on_this_machine : 1; }
int ProcessGroup::on_these_cores() const { return peers_ ? peers_->on_these_cores : 1; }

torch::Tensor ProcessGroup::gather(const torch::Tensor& rows, size_t items) {
  if (!peers_) return rows;
  const auto most = static_cast<int64_t>(largest_share(static_cast<int>(items)));
  torch::Tensor own = torch::zeros({most, rows.size(1)}, rows.options().requires_grad(false));
  own.narrow(0, 0, rows.size(0)).copy_(rows.detach());
  std::vector<torch::Tensor> inputs{own};
  std::vector<std::vector<torch::Tensor>> outputs(1);
  for (int rank = 0; rank < place_.size; ++rank) outputs[0].push_back(torch::empty_like(own));
  peers_->complete([&] { return peers_->backend(own).allgather(outputs, inputs); });
  std::vector<torch::Tensor> parts;
  for (const torch::Tensor& output : outputs[0]) {
    const Share share = share_of(items, static_cast<int>(parts.size()), place_.size);
    parts.push_back(output.narrow(0, 0, static_cast<int64_t>(share.count)));
  }
  return torch::cat(parts, 0);
}

void ProcessGroup::sum(torch::Tensor& values) {
  if (!peers_) return;
  std::vector<torch::Tensor> tensors{values};
  peers_->complete([&] { return peers_->backend(values).allreduce(tensors); });
}

void ProcessGroup::broadcast(torch::Tensor& values) {
  if (!peers_) return;
  std::vector<torch::Tensor> tensors{values};
  peers_->complete([&] { return peers_->backend(values).broadcast(tensors); });
}

std::vector<int64_t> ProcessGroup::broadcast(const std::vector<int64_t>& numbers) {
  if (!peers_) return numbers;
  torch::Tensor length = torch::tensor({std::ssize(numbers)}, torch::kInt64);
  broadcast(length);
  torch::Tensor values = torch::zeros({length.item<int64_t>()}, torch::kInt64);
  if (is_first()) std::copy(numbers.begin(), numbers.end(), values.data_ptr<int64_t>());
  if (values.numel() > 0) broadcast(values);
  return {values.data_ptr<int64_t>(), values.data_ptr<int64_t>() + values.numel()};
}

std::string ProcessGroup::broadcast(const std::string& text) {
  const std::vector<int64_t> bytes = broadcast(std::vector<int64_t>(text.begin(), text.end()));
  return peers_ ? std::string(bytes.begin(), bytes.end()) : text;
}

double ProcessGroup::broadcast(double value) {
  torch::Tensor values = torch::tensor({value}, torch::kFloat64);
  broadcast(values);
  return values.item<double>();
}

int64_t ProcessGroup::least(int64_t value) {
  if (!peers_) return value;
  std::vector<torch::Tensor> tensors{torch::tensor({value}, torch::kInt64)};
  c10d::AllreduceOptions options;
  options.reduceOp = c10d::ReduceOp::MIN;
  peers_->complete([&] { return peers_->gloo->allreduce(tensors, options); });
  return tensors[0].item<int64_t>();
}

void ProcessGroup::finish() {
  if (!peers_) return;
  const auto barrier = [this] { return peers_->gloo->barrier(); };
  peers_->complete(barrier);
  peers_->watch->end();
  peers_->complete(barrier);  // nobody misses the store when rank 0 takes it away
}

Error ProcessGroup::leave(const Error& error) {
  if (!peers_ || std::exchange(peers_->left, true)) return error;
  const bool interrupted = error.code() == ErrorCode::kInterrupted;
  const std::optional<PeerStop> known = peers_->watch->stop();
  peers_->by_another = peers_->broken || (interrupted && known);
  if (!known) {
    using Kind = PeerStop::Kind;
    peers_->watch->tell(
        {place_.rank, interrupted ? Kind::kInterrupted : Kind::kFailed, error.what()});
  }
  if (is_first()) peers_->watch->farewell();
  withdraw_interrupt_request();
  return interrupted && known ? error_of_peer(*known, place_.size) : error;
}

bool ProcessGroup::ended_by_another() const { return peers_ && peers_->by_another; }

#else

struct ProcessGroup::Peers {};

ProcessGroup::ProcessGroup() = default;
ProcessGroup::~ProcessGroup() = default;

ProcessGroup::ProcessGroup(const Rendezvous& place, double) : place_(place) {
  if (place.size > 1) {
    fail(ErrorCode::kUnsupported,
         "{} started {} processes, but this libtorch was built without c10d and Gloo; start one",
         place.launcher, place.size);
  }
}

int ProcessGroup::on_this_machine() const { return 1; }
int ProcessGroup::on_these_cores() const { return 1; }
torch::Tensor ProcessGroup::gather(const torch::Tensor& rows, size_t) { return rows; }
void ProcessGroup::sum(torch::Tensor&) {}
void ProcessGroup::broadcast(torch::Tensor&) {}
std::string ProcessGroup::broadcast(const std::string& text) { return text; }
std::vector<int64_t> ProcessGroup::broadcast(const std::vector<int64_t>& numbers) {
  return numbers;
}
double ProcessGroup::broadcast(double value) { return value; }
int64_t ProcessGroup::least(int64_t value) { return value; }
void ProcessGroup::finish() {}
Error ProcessGroup::leave(const Error& error) { return error; }
bool ProcessGroup::ended_by_another() const { return false; }

#endif

}  // namespace recto
