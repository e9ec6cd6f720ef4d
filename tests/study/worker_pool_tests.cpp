// Children that crash, hang, eat memory or talk without end cost themselves only.
#include "zettasim/study/worker_pool.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "support/catch.hpp"

using namespace zettasim;
using namespace zettasim::study;
using namespace zettasim::literals;

namespace {

Ended run_one(const std::function<int()>& work, Limits limits = {}) {
  WorkerPool pool(1, limits);
  pool.start(3, work);
  for (;;) {
    auto ended = pool.wait();
    if (!ended.empty()) return ended.front();
  }
}

}  // namespace

TEST_CASE("what a child prints and returns comes back with its ticket", "[study]") {
  const Ended ended = run_one([] { return std::puts("result"), std::fputs("warning", stderr), 7; });
  CHECK(ended.how == Ended::How::returned);
  CHECK(ended.ticket == 3);
  CHECK(ended.code == 7);
  CHECK(ended.out == "result\n");
  CHECK(ended.error == "warning");
}

TEST_CASE("a child that crashes is told from one that is killed", "[study]") {
  CHECK(run_one([] { return ::raise(SIGSEGV); }).how == Ended::How::crashed);
  CHECK(run_one([] { return ::raise(SIGKILL); }).how == Ended::How::killed);
  CHECK(run_one([] { return ::raise(SIGTERM); }).how == Ended::How::killed);  // scancel, to all processes of a job
}

TEST_CASE("a child that hangs is ended at its limit", "[study]") {
  const Ended ended = run_one([] { return static_cast<int>(::sleep(60)); }, {.time = 200_ms});
  CHECK(ended.how == Ended::How::out_of_time);
  CHECK(ended.wall_s < 10.0);
}

TEST_CASE("a child that closes its output and hangs is ended too", "[study]") {
  const auto hang = [] { return ::close(1), ::close(2), static_cast<int>(::sleep(60)); };
  CHECK(run_one(hang, {.time = 200_ms}).how == Ended::How::out_of_time);
}

#if !defined(__SANITIZE_ADDRESS__)
TEST_CASE("a child that asks for more memory than its limit says so", "[study]") {
  const auto grow = [] {
    std::string text(std::size_t{1} << 31, 'x');
    return static_cast<int>(text[12345]) - 'x';
  };
  CHECK(run_one(grow, {.memory = 1_GiB}).how == Ended::How::out_of_memory);
  CHECK(run_one(grow, {.memory = 4_GiB}).how == Ended::How::returned);
}
#endif

TEST_CASE("a child that prints without end is stopped", "[study]") {
  const auto talk = [] {
    for (;;) std::puts("and another thing");
    return 0;
  };
  CHECK(run_one(talk).how == Ended::How::talked_too_much);
}

TEST_CASE("as many children run at once as the pool has room for", "[study]") {
  WorkerPool pool(3, {});
  for (std::size_t i = 0; i < 3; ++i) pool.start(i, [] { return static_cast<int>(::usleep(1000)); });
  CHECK_FALSE(pool.has_room());
  std::size_t ended = 0;
  while (!pool.is_idle()) ended += pool.wait().size();
  CHECK(ended == 3);
  CHECK(pool.has_room());
}
