#pragma once
// Where this process stands among those of a training, as the launcher that started it says in the
// environment. Without torch.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace recto {

struct Rendezvous {
  int rank = 0;        ///< from 0; rank 0 writes every file
  int size = 1;        ///< processes of the training
  int local_rank = 0;  ///< among those of this machine; the GPU of --device cuda
  std::string host;    ///< where the key-value store of the training listens; "" for size 1
  uint16_t port = 0;
  bool foreign_store = false;  ///< the launcher keeps the store, so rank 0 must not
  std::string prefix;          ///< of this start's keys in a foreign store
  std::string launcher;        ///< "torchrun", "Open MPI", "PMI", "Slurm"; "" for size 1
};

/// Value of an environment variable.
using Environment = std::function<std::optional<std::string>(const char* name)>;
/// That of the process; an empty value counts as none.
std::optional<std::string> process_environment(const char* name);

/// Reads, and the first that is there decides:
///   RANK, WORLD_SIZE, LOCAL_RANK                        torchrun, or set by hand
///   OMPI_COMM_WORLD_RANK, _SIZE, _LOCAL_RANK            mpirun of Open MPI
///   PMI_RANK, PMI_SIZE, MPI_LOCALRANKID                 mpiexec of MPICH and Intel MPI
///   SLURM_PROCID, SLURM_NTASKS, SLURM_LOCALID           srun
/// and for more than one process MASTER_ADDR and MASTER_PORT, the host of rank 0 and a free port of
/// it. They may be left out with srun (first host of the step, a port from the job's number), and
/// the port with all others (29500), the host too when all processes are on one machine.
/// In a batch script and a shell of salloc, srun's variables do not count: that is one process.
///
/// Throws Error(kUsage) naming the variables: one of a pair without the other, no number, a rank
/// that is not below the size, a size of 0, no host or port.
Rendezvous read_rendezvous(const Environment& environment = process_environment);

/// First host of a Slurm list: "node[07-12,20],big1" is node07.
std::string first_slurm_host(const std::string& list);

}  // namespace recto
