#include "zettasim/base/quantity.hpp"

#include "support/catch.hpp"

using namespace zettasim;
using namespace zettasim::literals;

template <class A, class B>
concept Addable = requires(A a, B b) {
  a + b;
};

static_assert(!Addable<DataSize, Bandwidth>);
static_assert(!Addable<Power, Energy>);
static_assert(!Addable<Duration, double>);
static_assert(std::is_same_v<decltype(64_MiB / 25_GB_per_s), Duration>);
static_assert(std::is_same_v<decltype(700_W * 2_s), Energy>);
static_assert(std::is_same_v<decltype(2_TFLOP * 10_pJ_per_flop), Energy>);

// 2 us + 1 MB / (25 GB/s) = 2 us + 40 us.
TEST_CASE("a size over a bandwidth is a duration") {
  CHECK(in_seconds(2_us + 1_MB / 25_GB_per_s) == Approx(42e-6).epsilon(1e-12));
}

TEST_CASE("a ratio of like quantities is a plain number") { CHECK(64_MiB / 1_MiB == 64.0); }

// 3 pJ/bit is 24 pJ per byte; 1 TB/s of it draws 24 W.
TEST_CASE("energy per bit times bandwidth is power") {
  CHECK(in_watts(3_pJ_per_bit * 1_TB_per_s) == Approx(24.0).epsilon(1e-12));
}
