#include "learn/network_address.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <set>

#include "base/error.h"

namespace recto {
namespace {

constexpr int kConnectMs = 2000;

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

/// Addresses of `host`; an empty list and the reason in `why`.
AddressList resolve(const std::string& host, uint16_t port, int type, std::string& why) {
  addrinfo hints{};
  hints.ai_socktype = type;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), fmt::to_string(port).c_str(), &hints, &found);
  if (error != 0) why = ::gai_strerror(error);
  return {error == 0 ? found : nullptr, &::freeaddrinfo};
}

class Socket {
 public:
  explicit Socket(const addrinfo& address)
      : fd_(::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                     address.ai_protocol)) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  /// 0, or the errno of why not.
  int connect(const addrinfo& address) const {
    if (fd_ < 0) return errno;
    if (::connect(fd_, address.ai_addr, address.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    pollfd waiting{fd_, POLLOUT, 0};
    if (::poll(&waiting, 1, kConnectMs) <= 0) return ETIMEDOUT;
    int error = 0;
    socklen_t length = sizeof(error);
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
    return error;
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

std::string numeric(const sockaddr* address, socklen_t length) {
  char text[NI_MAXHOST] = "";
  ::getnameinfo(address, length, text, sizeof(text), nullptr, 0, NI_NUMERICHOST);
  return text;
}

std::string own_address(const Socket& socket) {
  sockaddr_storage own{};
  socklen_t length = sizeof(own);
  auto* const address = reinterpret_cast<sockaddr*>(&own);
  return ::getsockname(socket.fd(), address, &length) == 0 ? numeric(address, length) : "";
}

}  // namespace

std::string why_unreachable(const std::string& host, uint16_t port) {
  std::string why;
  const AddressList list = resolve(host, port, SOCK_STREAM, why);
  for (const addrinfo* one = list.get(); one != nullptr; one = one->ai_next) {
    const int error = Socket(*one).connect(*one);
    if (error == 0) return "";
    why = std::strerror(error);
  }
  return why;
}

std::string address_towards(const std::string& host, uint16_t port) {
  std::string why;
  const AddressList list = resolve(host, port, SOCK_DGRAM, why);
  for (const addrinfo* one = list.get(); one != nullptr; one = one->ai_next) {
    const Socket socket(*one);
    const int error = socket.connect(*one);
    if (error == 0) return own_address(socket);
    why = std::strerror(error);
  }
  fail(ErrorCode::kIo, "no network interface of this machine leads to MASTER_ADDR {} ({})", host,
       why);
}

std::string address_of_interface(const std::string& name) {
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) fail_errno(errno, "cannot list the network interfaces");
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(found, &::freeifaddrs);
  std::set<std::string> names;
  for (const ifaddrs* one = found; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_UP) == 0) continue;
    const int family = one->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    names.insert(one->ifa_name);
    const socklen_t length = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (name == one->ifa_name) return numeric(one->ifa_addr, length);
  }
  fail(ErrorCode::kUsage,
       "GLOO_SOCKET_IFNAME is \"{}\", but the interfaces of this machine that are up are {}", name,
       fmt::join(names, ", "));
}

bool is_loopback(const std::string& address) {
  return address.rfind("127.", 0) == 0 || address == "::1";
}

}  // namespace recto
