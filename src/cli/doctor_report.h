#pragma once
// What this machine can do for recto, and what to do where it cannot.

#include <string>

#include "base/json.h"

namespace recto {

/// Asks the machine; takes about a second, most of it the GEMM self-test. Members:
/// "usable" · "versions" {recto, onednn, arrow, sqlite, pdfium, torch} ("" where absent) ·
/// "cpu" {model, features, cores} · "gemm" {one_thread_gflops, all_threads_gflops, threads} ·
/// "tools" {name: path, "" where absent} · "sandbox" {landlock_abi, seccomp, …} · "disk" {path,
/// free_bytes} · "memory" {available_bytes} · "problems" [{what, advice, fatal}].
Json doctor_report();

/// The report for people.
std::string doctor_text(const Json& report);

}  // namespace recto
