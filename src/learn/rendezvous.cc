#include "learn/rendezvous.h"

#include <charconv>
#include <cstdlib>

#include "base/error.h"

namespace recto {
namespace {

constexpr uint16_t kDefaultPort = 29500;
// Above the ports that Linux hands out to connections (32768 to 60999).
constexpr uint16_t kFirstSlurmPort = 61000;
constexpr uint16_t kSlurmPorts = 4000;

struct Launcher {
  const char* name;
  const char* rank;
  const char* size;
  const char* local_rank;
  const char* local_size;
};

constexpr Launcher kLaunchers[] = {
    {"torchrun", "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"},
    {"Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
     "OMPI_COMM_WORLD_LOCAL_SIZE"},
    {"PMI", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"},
    {"Slurm", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID", ""},
};
constexpr const Launcher& kSlurm = kLaunchers[3];

template <typename T>
T number(const char* name, const std::string& text, const char* wanted) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= 0) return value;
  fail(ErrorCode::kUsage, "the environment variable {} is \"{}\"; {} is wanted", name, text,
       wanted);
}

int count(const char* name, const std::string& text) {
  return number<int>(name, text, "a whole number from 0");
}

/// Whether srun started this process; its variables are also in a batch script, which runs once.
bool in_slurm_step(const Environment& environment) {
  return environment("SLURM_STEP_ID").has_value() || !environment("SLURM_JOB_ID").has_value();
}

const Launcher* find_launcher(const Environment& environment) {
  for (const Launcher& launcher : kLaunchers) {
    const bool rank = environment(launcher.rank).has_value();
    const bool size = environment(launcher.size).has_value();
    if (&launcher == &kSlurm && (!rank || !in_slurm_step(environment))) continue;
    if (rank && size) return &launcher;
    if (rank || size) {
      fail(ErrorCode::kUsage,
           "the environment has {} but not {}; a training of several processes needs both in each "
           "of them (torchrun, srun and mpirun set them), and one of a single process neither",
           rank ? launcher.rank : launcher.size, rank ? launcher.size : launcher.rank);
    }
  }
  return nullptr;
}

std::string master_host(const Launcher& launcher, const Environment& environment, int size) {
  if (const auto named = environment("MASTER_ADDR")) return *named;
  if (&launcher == &kSlurm) {
    for (const char* name : {"SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST"}) {
      if (const auto list = environment(name)) return first_slurm_host(*list);
    }
  }
  const auto local = environment(launcher.local_size);
  if (local && count(launcher.local_size, *local) == size) return "127.0.0.1";
  fail(ErrorCode::kUsage,
       "{} is {}, but MASTER_ADDR is not set: it names the host of rank 0 to all processes (and "
       "MASTER_PORT a free port there)",
       launcher.size, size);
}

uint16_t master_port(const Launcher& launcher, const Environment& environment) {
  const char* const wanted = "a port from 1 to 65535";
  if (const auto named = environment("MASTER_PORT")) {
    const int port = number<int>("MASTER_PORT", *named, wanted);
    if (port >= 1 && port <= 65535) return static_cast<uint16_t>(port);
    fail(ErrorCode::kUsage, "the environment variable MASTER_PORT is {}; {} is wanted", port,
         wanted);
  }
  const auto job = environment("SLURM_JOB_ID");
  if (&launcher != &kSlurm || !job) return kDefaultPort;
  const auto id = number<uint64_t>("SLURM_JOB_ID", *job, "a whole number");
  return static_cast<uint16_t>(kFirstSlurmPort + id % kSlurmPorts);
}

/// torchrun's agent listens at MASTER_PORT itself and keeps its store over restarts.
void add_foreign_store(const Environment& environment, Rendezvous& rendezvous) {
  rendezvous.foreign_store = environment("TORCHELASTIC_USE_AGENT_STORE") == "True";
  rendezvous.prefix = "recto/" + environment("TORCHELASTIC_RESTART_COUNT").value_or("0");
}

}  // namespace

std::optional<std::string> process_environment(const char* name) {
  const char* value = *name == '\0' ? nullptr : std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

std::string first_slurm_host(const std::string& list) {
  const size_t end = list.find_first_of(",[");
  if (end == std::string::npos || list[end] == ',') return list.substr(0, end);
  const size_t close = list.find(']', end);
  if (close == std::string::npos) return list.substr(0, end);
  const size_t number_end = list.find_first_of(",-]", end);
  return list.substr(0, end) + list.substr(end + 1, number_end - end - 1) +
         first_slurm_host(list.substr(close + 1));
}

Rendezvous read_rendezvous(const Environment& environment) {
  Rendezvous rendezvous;
  const Launcher* launcher = find_launcher(environment);
  if (launcher == nullptr) return rendezvous;
  rendezvous.rank = count(launcher->rank, *environment(launcher->rank));
  rendezvous.size = count(launcher->size, *environment(launcher->size));
  if (rendezvous.size == 0) {
    fail(ErrorCode::kUsage, "the environment variable {} is 0; 1 or more is wanted",
         launcher->size);
  }
  if (rendezvous.rank >= rendezvous.size) {
    fail(ErrorCode::kUsage, "{} is {} and {} is {}; ranks go from 0 to {}", launcher->rank,
         rendezvous.rank, launcher->size, rendezvous.size, rendezvous.size - 1);
  }
  if (const auto local = environment(launcher->local_rank)) {
    rendezvous.local_rank = count(launcher->local_rank, *local);
  }
  if (rendezvous.size == 1) return rendezvous;
  rendezvous.launcher = launcher->name;
  rendezvous.host = master_host(*launcher, environment, rendezvous.size);
  rendezvous.port = master_port(*launcher, environment);
  add_foreign_store(environment, rendezvous);
  return rendezvous;
}

}  // namespace recto
