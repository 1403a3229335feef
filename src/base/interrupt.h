#pragma once
// SIGINT and SIGTERM: long loops ask, cleanly give up, and the program ends with status 130.

namespace recto {

/// From now on SIGINT and SIGTERM only set a flag (a second one ends the process at once), and
/// SIGPIPE is ignored. Call once, at the start of a program.
void install_interrupt_handler();

/// True once a signal has arrived.
bool interrupted();

/// Throws Error(kInterrupted) once a signal has arrived. Long loops call it once an item.
void throw_if_interrupted();

}  // namespace recto
