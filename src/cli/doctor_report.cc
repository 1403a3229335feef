#include "cli/doctor_report.h"

#include <arrow/util/config.h>
#include <fmt/ranges.h>
#include <sqlite3.h>

#include <dnnl.hpp>
#include <filesystem>
#include <vector>

#include "base/cpu.h"
#include "base/error.h"
#include "base/file.h"
#include "base/threads.h"
#include "base/version.h"
#include "cli/programs.h"
#include "curate/office.h"
#include "engine/gemm_selftest.h"
#include "page/archive.h"
#include "page/reader.h"

namespace recto {
namespace {

constexpr uint64_t kGiB = uint64_t{1} << 30;

std::string onednn_version() {
  const dnnl_version_t* version = dnnl_version();
  return fmt::format("{}.{}.{}", version->major, version->minor, version->patch);
}

// "recto-train 0.1.0, torch 2.13.0" -> "2.13.0"
std::string torch_version(const std::string& train_program) {
  if (train_program.empty()) return "";
  const std::string line = first_output_line(train_program, "--version");
  const size_t at = line.find("torch ");
  return at == std::string::npos ? "" : line.substr(at + 6);
}

// The wheel that brings PDFium says its version in a file; the library itself does not.
std::string pdfium_version(const std::filesystem::path& library) {
  for (const char* name : {"version.json", "pdfium-version.json"}) {
    const auto file = library.parent_path() / name;
    if (library.empty() || !std::filesystem::exists(file)) continue;
    const Json version = read_json(file);
    return fmt::format("{}.{}", json_required<int>(version, "major", file.string()),
                       json_required<int>(version, "build", file.string()));
  }
  return "";
}

std::string source_worker() {
  try {
    return find_source_worker().string();
  } catch (const Error&) {
    return "";
  }
}

Json find_tools(const SandboxReport& sandbox) {
  return {{"recto-train", find_program("recto-train", "RECTO_TRAIN").string()},
          {"recto-page-worker", sandbox.worker_path},
          {"recto-source-worker", source_worker()},
          {"libpdfium", sandbox.pdfium_path},
          {"soffice", find_soffice().string()},
          {"tesseract", find_program("tesseract").string()}};
}

class Problems {
 public:
  void add(bool present, bool fatal, const std::string& what, const std::string& advice) {
    if (!present) return;
    usable_ = usable_ && !fatal;
    list_.push_back({{"what", what}, {"advice", advice}, {"fatal", fatal}});
  }
  bool usable() const { return usable_; }
  const Json& list() const { return list_; }

 private:
  bool usable_ = true;
  Json list_ = Json::array();
};

void judge_pages(const SandboxReport& sandbox, Problems& problems) {
  if (sandbox.worker_path.empty() || !sandbox.pdfium) {
    problems.add(
        true, true, "the page worker cannot read PDFs: " + sandbox.problem,
        "put recto-page-worker beside recto or into ../libexec/recto and libpdfium.so into "
        "lib/recto, or set RECTO_PAGE_WORKER and RECTO_PDFIUM");
    return;
  }
  problems.add(
      !sandbox.problem.empty(), false,
      "the page worker runs in a weaker sandbox: " + sandbox.problem,
      "use a Linux kernel with Landlock and seccomp; until then open only files you trust");
}

void judge(const Json& report, const SandboxReport& sandbox, Problems& problems) {
  judge_pages(sandbox, problems);
  problems.add(report["tools"]["recto-source-worker"] == "", false,
               "recto-source-worker is not there",
               "recto curate needs it for archives: put it beside recto or into ../libexec/recto, "
               "or set RECTO_SOURCE_WORKER");
  problems.add(!cpu_features().avx2, false, "the processor has no AVX2",
               "everything works, about ten times slower");
  problems.add(report["tools"]["recto-train"] == "", false, "recto-train is not there",
               "\"recto train\" needs it: build with libtorch, or set RECTO_TRAIN");
  problems.add(report["memory"]["available_bytes"].get<uint64_t>() < kGiB, false,
               "less than 1 GiB of memory is free",
               "close other programs, or use a smaller model, --batch-tokens or --longest-edge");
  problems.add(report["disk"]["free_bytes"].get<uint64_t>() < kGiB, false,
               "less than 1 GiB of disk is free here", "free some space before you train or index");
}

std::string present(const Json& text) {
  const auto value = text.get<std::string>();
  return value.empty() ? "not found" : value;
}

}  // namespace

Json doctor_report() {
  const SandboxReport sandbox = sandbox_report();
  const int cores = available_cores();
  const GemmSelfTest one = gemm_selftest(1);
  const GemmSelfTest all = gemm_selftest(cores);
  Json report;
  report["tools"] = find_tools(sandbox);
  report["versions"] = {{"recto", recto_version()},
                        {"onednn", onednn_version()},
                        {"arrow", ARROW_VERSION_STRING},
                        {"sqlite", sqlite3_libversion()},
                        {"pdfium", pdfium_version(sandbox.pdfium_path)},
                        {"torch", torch_version(report["tools"]["recto-train"])}};
  report["cpu"] = {
      {"model", cpu_features().model_name}, {"features", cpu_feature_names()}, {"cores", cores}};
  report["gemm"] = {{"one_thread_gflops", one.gflops},
                    {"all_threads_gflops", all.gflops},
                    {"threads", cores},
                    {"implementation", one.implementation}};
  report["sandbox"] = {{"landlock", sandbox.landlock},
                       {"landlock_abi", sandbox.landlock_abi},
                       {"seccomp", sandbox.seccomp},
                       {"pdfium", sandbox.pdfium}};
  const auto here = std::filesystem::current_path();
  report["disk"] = {{"path", here.string()}, {"free_bytes", free_disk_bytes(here)}};
  report["memory"] = {{"available_bytes", available_memory_bytes()}};
  Problems problems;
  judge(report, sandbox, problems);
  report["usable"] = problems.usable();
  report["problems"] = problems.list();
  return report;
}

std::string doctor_text(const Json& report) {
  std::string text;
  const auto line = [&](const std::string& name, const std::string& value) {
    text += fmt::format("{:<18} {}\n", name, value);
  };
  for (const auto& [name, version] : report["versions"].items()) line(name, present(version));
  const Json& cpu = report["cpu"];
  line("processor",
       fmt::format("{}, {} cores, {}", cpu["model"].get<std::string>(), cpu["cores"].get<int>(),
                   fmt::join(cpu["features"].get<std::vector<std::string>>(), " ")));
  const Json& gemm = report["gemm"];
  line(
      "GEMM self-test",
      fmt::format("{:.1f} GFLOP/s on one thread, {:.1f} on {} ({})",
                  gemm["one_thread_gflops"].get<double>(), gemm["all_threads_gflops"].get<double>(),
                  gemm["threads"].get<int>(), gemm["implementation"].get<std::string>()));
  for (const auto& [name, path] : report["tools"].items()) line(name, present(path));
  const Json& sandbox = report["sandbox"];
  line("sandbox", fmt::format("Landlock {}, seccomp {}",
                              sandbox["landlock"].get<bool>()
                                  ? fmt::format("ABI {}", sandbox["landlock_abi"].get<int>())
                                  : "no",
                              sandbox["seccomp"].get<bool>() ? "yes" : "no"));
  const auto gib = [](const Json& bytes) {
    return fmt::format("{:.1f} GiB", static_cast<double>(bytes.get<uint64_t>()) / kGiB);
  };
  line("free memory", gib(report["memory"]["available_bytes"]));
  line("free disk",
       gib(report["disk"]["free_bytes"]) + " in " + report["disk"]["path"].get<std::string>());
  for (const Json& problem : report["problems"]) {
    text += fmt::format("{}: {}; {}\n", problem["fatal"].get<bool>() ? "PROBLEM" : "note",
                        problem["what"].get<std::string>(), problem["advice"].get<std::string>());
  }
  text += report["usable"].get<bool>() ? "recto is ready.\n" : "recto cannot work like this.\n";
  return text;
}

}  // namespace recto
