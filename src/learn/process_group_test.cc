#include "learn/process_group.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "learn/gradient_sum.h"

namespace recto {
namespace {

constexpr double kTimeout = 20;

/// A port that was free a moment ago.
uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  EXPECT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), length), 0);
  EXPECT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length), 0);
  ::close(socket);
  return ::ntohs(address.sin_port);
}

/// Runs `body` as each of `size` ranks, in threads: the group cares not where its ranks live.
void as_ranks(int size, const std::function<void(ProcessGroup&)>& body) {
  const uint16_t port = free_port();
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        ProcessGroup group({rank, size, rank, "127.0.0.1", port, false, "test", "test"}, kTimeout);
        body(group);
        group.finish();
      } catch (const Error& error) {
        ADD_FAILURE() << "rank " << rank << ": " << error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(ProcessGroup, SharesAreConsecutiveAndFair) {
  for (const size_t items : {0, 1, 2, 3, 7, 32, 33}) {
    for (const int size : {1, 2, 3, 5}) {
      size_t next = 0, least = items, most = 0;
      for (int rank = 0; rank < size; ++rank) {
        const Share share = share_of(items, rank, size);
        EXPECT_EQ(share.first, next);
        next += share.count;
        least = std::min(least, share.count);
        most = std::max(most, share.count);
      }
      EXPECT_EQ(next, items);
      EXPECT_LE(most - least, 1u) << items << " among " << size;
    }
  }
}

TEST(ProcessGroup, OneProcessGetsBackWhatItGives) {
  ProcessGroup group;
  EXPECT_TRUE(group.is_first());
  EXPECT_EQ(group.share(5).count, 5u);
  const torch::Tensor rows = torch::ones({5, 2}, torch::requires_grad());
  EXPECT_TRUE(group.gather(rows, 5).is_same(rows));
  EXPECT_EQ(group.broadcast(std::string("a")), "a");
  EXPECT_EQ(group.least(4), 4);
  group.finish();
}

TEST(ProcessGroup, GathersSumsAndBroadcasts) {
  for (const int size : {2, 3}) {
    as_ranks(size, [size](ProcessGroup& group) {
      EXPECT_EQ(group.on_this_machine(), size);
      EXPECT_EQ(group.on_these_cores(), size);
      for (const size_t items : {1, 2, 7}) {
        const torch::Tensor all =
            torch::arange(static_cast<int64_t>(items) * 2, torch::kFloat32).view({-1, 2});
        const Share share = group.share(items);
        const torch::Tensor own =
            all.narrow(0, static_cast<int64_t>(share.first), static_cast<int64_t>(share.count));
        EXPECT_TRUE(torch::equal(group.gather(own, items), all)) << items;
      }
      torch::Tensor values = torch::full({3}, group.rank() + 1.0f);
      group.sum(values);
      EXPECT_EQ(values[2].item<float>(), static_cast<float>(size * (size + 1) / 2));
      EXPECT_EQ(group.least(10 - group.rank()), 10 - size + 1);
      EXPECT_EQ(group.broadcast(group.is_first() ? "the word of rank 0" : "no"),
                "the word of rank 0");
      EXPECT_EQ(group.broadcast(std::string(group.is_first() ? "" : "no")), "");
      EXPECT_EQ(group.broadcast(0.1 + group.rank()), 0.1);
    });
  }
}

TEST(SumGradients, AddsWhatIsThereAndLeavesWhatIsNowhere) {
  as_ranks(3, [](ProcessGroup& group) {
    std::vector<NamedParameter> parameters;
    for (const char* name : {"everywhere", "of rank 1", "nowhere"}) {
      parameters.push_back({name, torch::zeros({2, 2}, torch::requires_grad())});
    }
    parameters[0].value.mutable_grad() = torch::full({2, 2}, group.rank() + 1.0f);
    if (group.rank() == 1) parameters[1].value.mutable_grad() = torch::eye(2);
    EXPECT_EQ(sum_gradients(group, parameters, 0.5), 0.5);
    EXPECT_TRUE(torch::equal(parameters[0].value.grad(), torch::full({2, 2}, 6.0f)));
    EXPECT_TRUE(torch::equal(parameters[1].value.grad(), torch::eye(2)));
    EXPECT_FALSE(parameters[2].value.grad().defined());
  });
}

TEST(SumGradients, ALossThatIsNoNumberInOneProcessIsNoneInAll) {
  as_ranks(2, [](ProcessGroup& group) {
    const std::vector<NamedParameter> none;
    const double loss = group.rank() == 1 ? std::numeric_limits<double>::infinity() : 1;
    EXPECT_TRUE(std::isnan(sum_gradients(group, none, loss)));
    EXPECT_EQ(sum_gradients(group, none, 2), 2);
  });
}

TEST(ProcessGroup, ProcessesThatDoNotBelongTogether) {
  const uint16_t port = free_port();
  const auto error_of = [port](const Rendezvous& place, double timeout) -> std::string {
    try {
      const ProcessGroup group(place, timeout);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  // Nobody comes.
  EXPECT_NE(error_of({0, 3, 0, "127.0.0.1", port, false, "test", "test"}, 1)
                .find("of 3 processes, rank 1, 2 did not come within 1 s"),
            std::string::npos);
  // Nobody is there.
  const std::string nobody = error_of({1, 2, 0, "127.0.0.1", port, false, "test", "test"}, 1);
  EXPECT_NE(nobody.find(fmt::format("could not reach rank 0 at 127.0.0.1:{} within 1 s", port)),
            std::string::npos)
      << nobody;
  // Another number of processes.
  std::string first, second;
  std::thread zero([&] { first = error_of({0, 2, 0, "127.0.0.1", port, false, "t", "t"}, 5); });
  second = error_of({1, 3, 0, "127.0.0.1", port, false, "t", "t"}, 5);
  zero.join();
  EXPECT_NE((first + second).find("one of 2 processes"), std::string::npos) << first << second;
  EXPECT_NE((first + second).find("one of 3"), std::string::npos) << first << second;
}

}  // namespace
}  // namespace recto
