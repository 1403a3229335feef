#pragma once
// How the processes of a training find each other: the key-value store that rank 0 (or torchrun)
// keeps at MASTER_ADDR, and who has come to it.

#include <string>
#include <vector>

#include "learn/rendezvous.h"
#include "learn/torch.h"

namespace c10d {
class Store;
}

namespace recto {

/// Connects to the store, and keeps it itself when `serve`. Tries for `seconds`. Throws Error(kIo)
/// naming host, port, seconds and what the last attempt met; Error(kInterrupted).
c10::intrusive_ptr<c10d::Store> connect_store(const Rendezvous& place, bool serve, double seconds);

/// What processes tell each other when they meet.
struct PeerGreeting {
  std::string version;  ///< of recto and torch
  int size = 0;         ///< of the training, as this process was told
  std::string machine;  ///< equal on one machine
  std::string cores;    ///< equal for those that run on the same cores of one machine
  std::string network;  ///< equal for those that share a loopback address
  std::string address;  ///< numeric, by which others reach it
};

/// Of this process. The address is the one it reaches the store from, unless the environment
/// variable GLOO_SOCKET_IFNAME names an interface. Throws Error(kIo | kUsage).
PeerGreeting own_greeting(const Rendezvous& place);

/// Waits up to `seconds` until all ranks have greeted; returns the greetings by rank. Throws
/// Error(kIo) naming those that have not come, Error(kMismatch) when sizes or versions differ,
/// Error(kUsage) for two processes of one rank, or a loopback address where there are several
/// machines; Error(kInterrupted).
std::vector<PeerGreeting> greet(c10d::Store& store, const Rendezvous& place,
                                const PeerGreeting& own, double seconds);

/// The first sentence of what libtorch or gloo says, without places in their sources.
std::string outside_text(const std::exception& error);

}  // namespace recto
