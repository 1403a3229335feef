#include "base/shrunk_file.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <string_view>

namespace recto {
namespace {

constexpr size_t kMaxMappings = 256;
constexpr size_t kMaxName = 240;

// A signal handler may neither lock nor allocate: addresses are atomic, names have fixed room. The
// mapping that was touched is alive, so that its name does not change under the handler.
struct Mapping {
  std::atomic<uintptr_t> begin{0};  // 0: free
  std::atomic<uintptr_t> end{0};
  char name[kMaxName] = {};
};
static_assert(std::atomic<uintptr_t>::is_always_lock_free);

Mapping g_mappings[kMaxMappings];
std::mutex g_mutex;
struct sigaction g_before;

void say(std::string_view text) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

void on_bus_error(int, siginfo_t* info, void*) {
  const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  for (const Mapping& mapping : g_mappings) {
    if (address < mapping.begin.load() || address >= mapping.end.load()) continue;
    say("recto: ");
    say(mapping.name);
    say(" became shorter while it was read, or its disk failed; let the program that changes it "
        "finish, or fetch the file again, and start anew; nothing was half-written\n");
    ::_exit(1);
  }
  ::sigaction(SIGBUS, &g_before, nullptr);  // the instruction is run again and meets what was there
}

}  // namespace

void install_shrunk_file_handler() {
  struct sigaction action{};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGBUS, &action, &g_before);
}

void note_mapping(const std::byte* data, size_t size, const std::string& path) {
  const std::lock_guard lock(g_mutex);
  for (Mapping& mapping : g_mappings) {
    if (mapping.begin.load() != 0) continue;
    // Of a long name the end tells more.
    const size_t length = std::min(path.size(), kMaxName - 1);
    std::memcpy(mapping.name, path.data() + (path.size() - length), length);
    mapping.name[length] = '\0';
    mapping.end = reinterpret_cast<uintptr_t>(data) + size;
    mapping.begin = reinterpret_cast<uintptr_t>(data);
    return;
  }
}

void forget_mapping(const std::byte* data) {
  const std::lock_guard lock(g_mutex);
  for (Mapping& mapping : g_mappings) {
    if (mapping.begin.load() != reinterpret_cast<uintptr_t>(data)) continue;
    mapping.end = 0;
    mapping.begin = 0;
    return;
  }
}

}  // namespace recto
