#pragma once
// An interrupt without a signal: for a program that is told to stop in another way.

namespace recto {

/// From now on interrupted() (base/interrupt.h) says that a signal has arrived. The first real
/// signal still only sets its flag.
void request_interrupt();

/// Takes the request back; a signal that has arrived stays.
void withdraw_interrupt_request();

}  // namespace recto
