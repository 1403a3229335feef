#pragma once
// Where a run keeps what it has done until its output is complete: the same command goes on from
// there after a stop at any moment.

#include <filesystem>
#include <optional>
#include <string>

#include "base/file_lock.h"
#include "base/json.h"

namespace recto {

/// Throws Error(kUsage): `output` is there, and is not what the run would make.
[[noreturn]] void refuse_output(const std::filesystem::path& output);

/// DIR.partial beside the output DIR:
///   lock            held while a run works here
///   settings.json   what decides the records below; a run with other settings is refused
///   documents/      ID.json and ID.parquet of each finished document (curate/document_record.h)
///   sources/        what was unpacked from archives or converted
///   kept/           of the second phase: what a stopped run goes on with
///   scratch/        of the present run, emptied when it starts
///   output/         the dataset being written, renamed to DIR by commit()
///   committing.json what commit() was given, while it works
class WorkDirectory {
 public:
  /// Takes up the work directory of `target`, or makes it. Throws Error(kUsage) when `target`
  /// exists and is not empty, another run works here, or the one here was begun with other
  /// settings (naming the first that differs); Error(kIo).
  WorkDirectory(std::filesystem::path target, const Json& settings);
  /// Removes the directory when no document in it is finished; otherwise it stays.
  ~WorkDirectory();
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;

  /// DIR.partial.
  static std::filesystem::path path_of(std::filesystem::path target);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path documents() const { return path_ / "documents"; }
  std::filesystem::path sources() const { return path_ / "sources"; }
  std::filesystem::path kept() const { return path_ / "kept"; }
  std::filesystem::path scratch() const { return path_ / "scratch"; }
  std::filesystem::path output() const { return path_ / "output"; }

  /// True when a former run was stopped after its output had got its name: only rests are left,
  /// which the destructor removes. `summary` is what that run gave to commit().
  bool committed() const { return committed_; }
  const Json& summary() const { return summary_; }

  /// Renames output() to the target; the rest is removed. `summary` is for a run that is stopped
  /// in the middle of this.
  void commit(const Json& summary);
  /// Makes the work directory itself, without lock and scratch, the target: a shard.
  void commit_whole();

 private:
  void take_lock();
  void check_settings(const Json& settings);
  void remove();

  std::filesystem::path target_;
  std::filesystem::path path_;
  std::optional<FileLock> lock_;
  bool committed_ = false;
  Json summary_;
};

}  // namespace recto
