#pragma once
// Workspaces kept between calls, so that their memory is not asked for again.

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/workspace.h"

namespace recto {

/// Thread-safe. Holds as many workspaces as were ever in use at the same time.
class WorkspacePool {
 public:
  std::unique_ptr<Workspace> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<Workspace>();
    std::unique_ptr<Workspace> workspace = std::move(free_.back());
    free_.pop_back();
    return workspace;
  }
  void give_back(std::unique_ptr<Workspace> workspace) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(workspace));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Workspace>> free_;
};

/// A workspace of a pool, for the time of one pass by `threads` threads.
class WorkspaceLease {
 public:
  WorkspaceLease(WorkspacePool& pool, int threads) : pool_(pool), workspace_(pool.take()) {
    workspace_->threads = threads;
  }
  ~WorkspaceLease() { pool_.give_back(std::move(workspace_)); }
  WorkspaceLease(const WorkspaceLease&) = delete;
  WorkspaceLease& operator=(const WorkspaceLease&) = delete;

  Workspace& operator*() const { return *workspace_; }

 private:
  WorkspacePool& pool_;
  std::unique_ptr<Workspace> workspace_;
};

}  // namespace recto
