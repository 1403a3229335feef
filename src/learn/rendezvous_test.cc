#include "learn/rendezvous.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"

namespace recto {
namespace {

using Variables = std::map<std::string, std::string>;

Rendezvous read(const Variables& variables) {
  return read_rendezvous([&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

struct Start {
  const char* what;
  Variables variables;
  const char* launcher;
  int rank, size, local_rank;
  const char* host;
  int port;
};

TEST(Rendezvous, IsReadFromWhatEachLauncherSets) {
  const Start starts[] = {
      {"nothing", {}, "", 0, 1, 0, "", 0},
      {"torchrun",
       {{"RANK", "3"},
        {"WORLD_SIZE", "8"},
        {"LOCAL_RANK", "1"},
        {"MASTER_ADDR", "node1"},
        {"MASTER_PORT", "4711"}},
       "torchrun",
       3,
       8,
       1,
       "node1",
       4711},
      {"torchrun under srun counts as torchrun",
       {{"RANK", "1"},
        {"WORLD_SIZE", "2"},
        {"MASTER_ADDR", "h"},
        {"SLURM_PROCID", "0"},
        {"SLURM_NTASKS", "1"},
        {"SLURM_STEP_ID", "0"}},
       "torchrun",
       1,
       2,
       0,
       "h",
       29500},
      {"one process of torchrun needs no host",
       {{"RANK", "0"}, {"WORLD_SIZE", "1"}},
       "",
       0,
       1,
       0,
       "",
       0},
      {"mpirun on one machine",
       {{"OMPI_COMM_WORLD_RANK", "1"},
        {"OMPI_COMM_WORLD_SIZE", "2"},
        {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
        {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}},
       "Open MPI",
       1,
       2,
       1,
       "127.0.0.1",
       29500},
      {"mpirun on two",
       {{"OMPI_COMM_WORLD_RANK", "1"},
        {"OMPI_COMM_WORLD_SIZE", "4"},
        {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
        {"MASTER_ADDR", "10.0.0.1"}},
       "Open MPI",
       1,
       4,
       0,
       "10.0.0.1",
       29500},
      {"mpiexec of MPICH",
       {{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}, {"MPI_LOCALNRANKS", "2"}, {"MPI_LOCALRANKID", "0"}},
       "PMI",
       0,
       2,
       0,
       "127.0.0.1",
       29500},
      {"srun",
       {{"SLURM_PROCID", "5"},
        {"SLURM_NTASKS", "6"},
        {"SLURM_LOCALID", "2"},
        {"SLURM_JOB_ID", "8123"},
        {"SLURM_STEP_ID", "0"},
        {"SLURM_STEP_NODELIST", "n[03-04,09]"}},
       "Slurm",
       5,
       6,
       2,
       "n03",
       61123},
      {"srun with a host of one's own",
       {{"SLURM_PROCID", "0"},
        {"SLURM_NTASKS", "2"},
        {"SLURM_JOB_ID", "7"},
        {"SLURM_STEP_ID", "0"},
        {"SLURM_STEP_NODELIST", "n1,n2"},
        {"MASTER_ADDR", "ib-n1"},
        {"MASTER_PORT", "29511"}},
       "Slurm",
       0,
       2,
       0,
       "ib-n1",
       29511},
      {"a batch script is one process",
       {{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}, {"SLURM_JOB_ID", "7"}},
       "",
       0,
       1,
       0,
       "",
       0},
      {"a shell of salloc is one process",
       {{"SLURM_NTASKS", "4"}, {"SLURM_JOB_ID", "7"}},
       "",
       0,
       1,
       0,
       "",
       0},
  };
  for (const Start& start : starts) {
    SCOPED_TRACE(start.what);
    const Rendezvous found = read(start.variables);
    EXPECT_EQ(found.launcher, start.launcher);
    EXPECT_EQ(found.rank, start.rank);
    EXPECT_EQ(found.size, start.size);
    EXPECT_EQ(found.local_rank, start.local_rank);
    EXPECT_EQ(found.host, start.host);
    EXPECT_EQ(found.port, start.port);
    EXPECT_FALSE(found.foreign_store);
  }
}

TEST(Rendezvous, TheStoreOfTorchrunsAgentIsUsed) {
  const Rendezvous found = read({{"RANK", "0"},
                                 {"WORLD_SIZE", "2"},
                                 {"MASTER_ADDR", "h"},
                                 {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                                 {"TORCHELASTIC_RESTART_COUNT", "2"}});
  EXPECT_TRUE(found.foreign_store);
  EXPECT_EQ(found.prefix, "recto/2");
}

TEST(Rendezvous, ErrorsNameTheVariables) {
  struct Case {
    Variables variables;
    std::vector<const char*> says;
  };
  const Case cases[] = {
      {{{"RANK", "0"}}, {"has RANK but not WORLD_SIZE"}},
      {{{"WORLD_SIZE", "2"}}, {"has WORLD_SIZE but not RANK"}},
      {{{"OMPI_COMM_WORLD_SIZE", "2"}}, {"OMPI_COMM_WORLD_SIZE but not OMPI_COMM_WORLD_RANK"}},
      {{{"RANK", "2"}, {"WORLD_SIZE", "2"}}, {"RANK is 2", "WORLD_SIZE is 2", "from 0 to 1"}},
      {{{"RANK", "0"}, {"WORLD_SIZE", "0"}}, {"WORLD_SIZE is 0"}},
      {{{"RANK", "-1"}, {"WORLD_SIZE", "2"}}, {"RANK is \"-1\"", "whole number"}},
      {{{"RANK", "one"}, {"WORLD_SIZE", "2"}}, {"RANK is \"one\""}},
      {{{"RANK", "0"}, {"WORLD_SIZE", "2 "}}, {"WORLD_SIZE is \"2 \""}},
      {{{"RANK", "0"}, {"WORLD_SIZE", "2"}}, {"WORLD_SIZE is 2", "MASTER_ADDR is not set"}},
      {{{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}, {"MPI_LOCALNRANKS", "1"}},
       {"MASTER_ADDR is not set"}},
      {{{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "h"}, {"MASTER_PORT", "70000"}},
       {"MASTER_PORT is 70000", "1 to 65535"}},
      {{{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "h"}, {"MASTER_PORT", "ssh"}},
       {"MASTER_PORT is \"ssh\""}},
  };
  for (const Case& c : cases) {
    try {
      read(c.variables);
      ADD_FAILURE() << "no error for " << c.says.front();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
      for (const char* text : c.says) {
        EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
      }
    }
  }
}

TEST(Rendezvous, FirstHostOfASlurmList) {
  const std::pair<const char*, const char*> cases[] = {
      {"node1", "node1"},         {"node1,node2", "node1"}, {"node[07-12,20],big1", "node07"},
      {"n[3,5]", "n3"},           {"n[4]", "n4"},           {"r[1-2]n[3-4]", "r1n3"},
      {"n[1-2].lan,x", "n1.lan"}, {"big1,n[1-2]", "big1"},
  };
  for (const auto& [list, first] : cases) EXPECT_EQ(first_slurm_host(list), first) << list;
}

}  // namespace
}  // namespace recto
