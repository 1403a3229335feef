#pragma once
// Addresses by which machines reach each other. Without torch.

#include <cstdint>
#include <string>

namespace recto {

/// Why nothing answers at host:port ("Connection refused"), or "" when something does. Takes two
/// seconds at most beside what resolving the name takes.
std::string why_unreachable(const std::string& host, uint16_t port);

/// The numeric address from which this machine reaches `host`; nothing is sent. Throws Error(kIo)
/// when the name is not known or no interface leads there.
std::string address_towards(const std::string& host, uint16_t port);

/// First numeric address of the network interface `name`. Throws Error(kUsage) naming those that
/// are up.
std::string address_of_interface(const std::string& name);

/// Whether only the machine itself reaches a numeric address.
bool is_loopback(const std::string& address);

}  // namespace recto
