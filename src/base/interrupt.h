#pragma once
// SIGINT, SIGTERM and SIGHUP (a closed terminal): long loops ask, cleanly give up, and the program
// ends with status 130.

namespace recto {

/// From now on SIGINT, SIGTERM and SIGHUP only set a flag (a second one ends the process at once),
/// and SIGPIPE is ignored. Call once, at the start of a program.
void install_interrupt_handler();

/// True once a signal has arrived.
bool interrupted();

/// Throws Error(kInterrupted) once a signal has arrived. Long loops call it once an item.
void throw_if_interrupted();

/// While one lives, the two functions above know of no signal in this thread: for what must still
/// be written before the program ends, such as a checkpoint.
class DeferInterrupts {
 public:
  DeferInterrupts();
  ~DeferInterrupts();
  DeferInterrupts(const DeferInterrupts&) = delete;
  DeferInterrupts& operator=(const DeferInterrupts&) = delete;
};

}  // namespace recto
