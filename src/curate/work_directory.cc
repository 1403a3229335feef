#include "curate/work_directory.h"

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr const char* kSettings = "settings.json";
constexpr const char* kCommitting = "committing.json";

bool holds_something(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored)) &&
         !(fs::is_directory(path, ignored) && fs::is_empty(path, ignored));
}

void rename_to(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    fail_errno(errno, fmt::format("cannot write {}", to.string()));
  }
}

/// "longest_edge (1024, now 2048)" for the first member that differs.
std::string difference(const Json& before, const Json& now) {
  for (const auto& [key, value] : now.items()) {
    const Json old = before.is_object() ? before.value(key, Json()) : Json();
    if (old != value) return fmt::format("{} ({}, now {})", key, dump_json(old), dump_json(value));
  }
  return "the settings";
}

}  // namespace

void refuse_output(const fs::path& output) {
  fail(ErrorCode::kUsage, "{} exists already; name a new directory or remove it", output.string());
}

fs::path WorkDirectory::path_of(fs::path target) {
  if (!target.has_filename()) target = target.parent_path();  // "out/" means "out"
  target += ".partial";
  return target;
}

WorkDirectory::WorkDirectory(fs::path target, const Json& settings)
    : target_(std::move(target)), path_(path_of(target_)) {
  if (!target_.has_filename()) target_ = target_.parent_path();
  const bool target_there = holds_something(target_);
  std::error_code ignored;
  committed_ =
      target_there && fs::exists(path_ / kCommitting, ignored) && !fs::exists(output(), ignored);
  if (target_there && !committed_) {
    refuse_output(target_);
  }
  if (target_.has_parent_path()) make_directories(target_.parent_path());
  make_directories(path_);
  take_lock();
  if (committed_) {
    summary_ = read_json(path_ / kCommitting);
    return;
  }
  check_settings(settings);
  make_directories(documents());
  make_directories(sources());
  make_directories(kept());
  fs::remove_all(scratch());
  fs::remove_all(output());
  make_directories(scratch());
  make_directories(output());
}

WorkDirectory::~WorkDirectory() {
  std::error_code error;
  if (path_.empty()) return;
  if (committed_ || (fs::is_empty(documents(), error) && !error)) remove();
}

void WorkDirectory::take_lock() {
  lock_ = FileLock::take(path_ / "lock");
  if (lock_) return;
  const fs::path busy = std::exchange(path_, {});
  fail(ErrorCode::kUsage,
       "another run is writing {} (it works in {}); wait for it or name "
       "another output",
       target_.string(), busy.string());
}

void WorkDirectory::check_settings(const Json& settings) {
  const fs::path file = path_ / kSettings;
  if (!fs::exists(file)) {
    write_file(file, pretty_json(settings));
    return;
  }
  const Json before = read_json(file);
  if (before == settings) return;
  fail(
      ErrorCode::kUsage,
      "{} holds a run that was stopped and had another value of {}; give the settings it was begun "
      "with, or remove it to start anew",
      path_.string(), difference(before, settings));
}

void WorkDirectory::remove() {
  std::error_code ignored;
  // The note of a commit goes last: while it is there, the rests are known for what they are.
  for (const auto& entry : fs::directory_iterator(path_, ignored)) {
    if (entry.path().filename() != kCommitting) fs::remove_all(entry.path(), ignored);
  }
  fs::remove_all(path_, ignored);
}

void WorkDirectory::commit(const Json& summary) {
  write_file(path_ / kCommitting, dump_json(summary));
  rename_to(output(), target_);
  committed_ = true;
}

void WorkDirectory::commit_whole() {
  fs::remove_all(sources());
  fs::remove_all(kept());
  fs::remove_all(scratch());
  fs::remove_all(output());
  fs::remove(path_ / "lock");
  rename_to(path_, target_);
  path_.clear();
}

}  // namespace recto
