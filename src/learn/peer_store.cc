#include "learn/peer_store.h"

#include <c10/util/Logging.h>
#include <sched.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/version.h"
#include "learn/network_address.h"
#include "learn/torch_setup.h"

namespace recto {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPause{50};
constexpr const char* kInterface = "GLOO_SOCKET_IFNAME";
constexpr const char* kWhatToCheck =
    "is it running, are MASTER_ADDR and MASTER_PORT right, is the port open? --dist-timeout waits "
    "longer";
constexpr const char* kWhere = "the greeting of a process";

double seconds_since(Clock::time_point time) {
  return std::chrono::duration<double>(Clock::now() - time).count();
}

std::string first_line_of(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  return text.substr(0, text.find('\n'));
}

std::string link_of(const char* path) {
  std::error_code ignored;
  return std::filesystem::read_symlink(path, ignored).string();
}

std::string affinity() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  ::sched_getaffinity(0, sizeof(cores), &cores);
  std::string list;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &cores)) list += fmt::format("{},", core);
  }
  return list;
}

std::string to_text(const PeerGreeting& greeting) {
  return dump_json({{"version", greeting.version},
                    {"size", greeting.size},
                    {"machine", greeting.machine},
                    {"cores", greeting.cores},
                    {"network", greeting.network},
                    {"address", greeting.address}});
}

PeerGreeting from_text(const std::string& text) {
  const Json json = parse_json(text, kWhere);
  PeerGreeting greeting;
  greeting.size = json_required<int>(json, "size", kWhere);
  for (const auto& [key, value] : {std::pair("version", &greeting.version),
                                   {"machine", &greeting.machine},
                                   {"cores", &greeting.cores},
                                   {"network", &greeting.network},
                                   {"address", &greeting.address}}) {
    *value = json_required<std::string>(json, key, kWhere);
  }
  return greeting;
}

std::string here(int rank) { return fmt::format("here/{}", rank); }

void check_greeting(const Rendezvous& place, const PeerGreeting& own, int rank,
                    const PeerGreeting& other) {
  if (other.size != own.size) {
    fail(ErrorCode::kMismatch,
         "rank {} was started as one of {} processes and rank {} as one of {}; start all of them "
         "with the same number, and only one training at a time on {}:{}",
         place.rank, own.size, rank, other.size, place.host, place.port);
  }
  if (other.version != own.version) {
    fail(ErrorCode::kMismatch,
         "rank {} runs {} and rank {} {}; the same recto is wanted everywhere", place.rank,
         own.version, rank, other.version);
  }
  for (const auto& [number, one] : {std::pair(place.rank, &own), {rank, &other}}) {
    if (other.network == own.network || !is_loopback(one->address)) continue;
    fail(ErrorCode::kUsage,
         "the processes are on several machines, but rank {} is known by the address {}, which "
         "only its own machine can reach; set MASTER_ADDR to an address of rank 0 that all reach, "
         "or {} to the network interface to use",
         number, one->address, kInterface);
  }
}

void wait_for_store(const Rendezvous& place, double seconds) {
  const Clock::time_point start = Clock::now();
  for (std::string why; !(why = why_unreachable(place.host, place.port)).empty();) {
    throw_if_interrupted();
    if (seconds_since(start) > seconds) {
      fail(ErrorCode::kIo, "rank {} could not reach rank 0 at {}:{} within {:.0f} s ({}); {}",
           place.rank, place.host, place.port, seconds, why, kWhatToCheck);
    }
    std::this_thread::sleep_for(kPause);
  }
}

/// Adds those that have come since to `come`, whether that is all.
bool all_here(c10d::Store& store, const Rendezvous& place, std::map<int, PeerGreeting>& come) {
  for (int rank = 0; rank < place.size; ++rank) {
    if (come.count(rank) != 0 || !store.check({here(rank)})) continue;
    const PeerGreeting greeting = from_text(store.get_to_str(here(rank)));
    check_greeting(place, come.at(place.rank), rank, greeting);
    come.emplace(rank, greeting);
  }
  return come.size() == static_cast<size_t>(place.size);
}

std::vector<int> missing_ranks(const std::map<int, PeerGreeting>& come, int size) {
  std::vector<int> missing;
  for (int rank = 0; rank < size; ++rank) {
    if (come.count(rank) == 0) missing.push_back(rank);
  }
  return missing;
}

}  // namespace

std::string outside_text(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  std::string text = torch_error != nullptr ? torch_error->what_without_backtrace() : error.what();
  text = text.substr(0, text.find('\n'));
  if (!text.empty() && text.front() == '[' && text.find("] ") != std::string::npos) {
    text = text.substr(text.find("] ") + 2);
  }
  return text.substr(0, text.find(". "));
}

c10::intrusive_ptr<c10d::Store> connect_store(const Rendezvous& place, bool serve, double seconds) {
  ::setenv("TORCH_CPP_LOG_LEVEL", "FATAL", /*overwrite=*/0);  // it tells of attempts at length
  c10::initLogging();
  if (!serve) wait_for_store(place, seconds);
  c10d::TCPStoreOptions options;
  options.port = place.port;
  options.isServer = serve;
  options.waitWorkers = false;
  options.timeout = std::chrono::seconds(static_cast<int64_t>(std::ceil(seconds)));
  try {
    auto store = c10::make_intrusive<c10d::TCPStore>(place.host, options);
    return c10::make_intrusive<c10d::PrefixStore>(place.prefix, store);
  } catch (const std::exception& error) {
    if (serve) {
      fail(ErrorCode::kIo,
           "rank 0 cannot listen on port {} ({}); set MASTER_PORT to a free port, the same for all "
           "processes",
           place.port, outside_text(error));
    }
    fail(ErrorCode::kIo, "what listens at {}:{} is not rank 0 of a training ({}); {}", place.host,
         place.port, outside_text(error), kWhatToCheck);
  }
}

PeerGreeting own_greeting(const Rendezvous& place) {
  PeerGreeting greeting;
  greeting.version = fmt::format("recto {} with torch {}", recto_version(), torch_version());
  greeting.size = place.size;
  greeting.machine = first_line_of("/proc/sys/kernel/random/boot_id");
  greeting.cores = greeting.machine + link_of("/proc/self/ns/cgroup") + affinity();
  greeting.network = greeting.machine + link_of("/proc/self/ns/net");
  const std::optional<std::string> interface = process_environment(kInterface);
  greeting.address =
      interface ? address_of_interface(*interface) : address_towards(place.host, place.port);
  return greeting;
}

std::vector<PeerGreeting> greet(c10d::Store& store, const Rendezvous& place,
                                const PeerGreeting& own, double seconds) {
  if (store.add(fmt::format("come/{}", place.rank), 1) > 1) {
    fail(ErrorCode::kUsage,
         "two processes were started as rank {} of {} for {}:{}; give each its own rank, and each "
         "training its own MASTER_PORT",
         place.rank, place.size, place.host, place.port);
  }
  store.set(here(place.rank), to_text(own));
  std::map<int, PeerGreeting> come{{place.rank, own}};
  const Clock::time_point start = Clock::now();
  while (!all_here(store, place, come)) {
    throw_if_interrupted();
    if (seconds_since(start) > seconds) {
      fail(ErrorCode::kIo,
           "of {} processes, rank {} did not come within {:.0f} s; were all started, with the same "
           "MASTER_ADDR and MASTER_PORT? --dist-timeout waits longer",
           place.size, fmt::join(missing_ranks(come, place.size), ", "), seconds);
    }
    std::this_thread::sleep_for(kPause);
  }
  std::vector<PeerGreeting> greetings;
  for (auto& [rank, greeting] : come) greetings.push_back(std::move(greeting));
  return greetings;
}

}  // namespace recto
