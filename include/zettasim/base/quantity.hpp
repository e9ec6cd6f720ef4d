// Physical quantities as types: a DataSize over a Bandwidth is a Duration, and a DataSize plus a Bandwidth does not
// compile.
//
// A quantity is one double in SI base units (seconds, bytes, floating-point operations, joules) tagged with its
// dimension. Names go in (`4_us`, `seconds(x)`) and out (`in_seconds(d)`); nothing converts silently to a bare number.
#pragma once

#include <cmath>
#include <compare>

namespace zettasim {

// Exponents of the base units: seconds, bytes, floating-point operations, joules, metres, volts, kelvins.
struct Dimension {
  int time = 0;
  int data = 0;
  int flop = 0;
  int energy = 0;
  int length = 0;
  int potential = 0;
  int temperature = 0;
  constexpr bool operator==(const Dimension&) const = default;
};

constexpr Dimension operator+(Dimension a, Dimension b) {
  return {a.time + b.time,
          a.data + b.data,
          a.flop + b.flop,
          a.energy + b.energy,
          a.length + b.length,
          a.potential + b.potential,
          a.temperature + b.temperature};
}
constexpr Dimension operator-(Dimension a, Dimension b) {
  return {a.time - b.time,
          a.data - b.data,
          a.flop - b.flop,
          a.energy - b.energy,
          a.length - b.length,
          a.potential - b.potential,
          a.temperature - b.temperature};
}

template <Dimension D>
class Quantity {
 public:
  static constexpr Dimension dimension = D;

  constexpr Quantity() = default;
  // The only doors between a bare number and a quantity: the value in SI base units.
  static constexpr Quantity from_si(double value) { return Quantity(value); }
  constexpr double si() const { return si_; }

  constexpr auto operator<=>(const Quantity&) const = default;
  constexpr Quantity& operator+=(Quantity other) { return si_ += other.si_, *this; }
  constexpr Quantity& operator-=(Quantity other) { return si_ -= other.si_, *this; }
  constexpr Quantity& operator*=(double factor) { return si_ *= factor, *this; }
  constexpr Quantity operator-() const { return Quantity(-si_); }

  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.si_ + b.si_); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.si_ - b.si_); }
  friend constexpr Quantity operator*(Quantity a, double factor) { return Quantity(a.si_ * factor); }
  friend constexpr Quantity operator*(double factor, Quantity a) { return Quantity(a.si_ * factor); }
  friend constexpr Quantity operator/(Quantity a, double divisor) { return Quantity(a.si_ / divisor); }

 private:
  constexpr explicit Quantity(double value) : si_(value) {}
  double si_ = 0.0;
};

// Products and quotients add and subtract dimensions; when all exponents cancel the result is a plain number.
template <Dimension A, Dimension B>
constexpr auto operator*(Quantity<A> a, Quantity<B> b) {
  if constexpr (A + B == Dimension{}) {
    return a.si() * b.si();
  } else {
    return Quantity<A + B>::from_si(a.si() * b.si());
  }
}
template <Dimension A, Dimension B>
constexpr auto operator/(Quantity<A> a, Quantity<B> b) {
  if constexpr (A == B) {
    return a.si() / b.si();
  } else {
    return Quantity<A - B>::from_si(a.si() / b.si());
  }
}

template <Dimension D>
bool is_finite(Quantity<D> q) {
  return std::isfinite(q.si());
}

using Duration = Quantity<Dimension{.time = 1}>;
using DataSize = Quantity<Dimension{.data = 1}>;
using Bandwidth = Quantity<Dimension{.time = -1, .data = 1}>;
using FlopCount = Quantity<Dimension{.flop = 1}>;
using FlopRate = Quantity<Dimension{.time = -1, .flop = 1}>;
using Energy = Quantity<Dimension{.energy = 1}>;
using Power = Quantity<Dimension{.time = -1, .energy = 1}>;
using EnergyPerFlop = Quantity<Dimension{.flop = -1, .energy = 1}>;
using EnergyPerByte = Quantity<Dimension{.data = -1, .energy = 1}>;
using Length = Quantity<Dimension{.length = 1}>;
using Frequency = Quantity<Dimension{.time = -1}>;
using Voltage = Quantity<Dimension{.potential = 1}>;
using Temperature = Quantity<Dimension{.temperature = 1}>;  // absolute, or a difference
using PowerRate = Quantity<Dimension{.time = -2, .energy = 1}>;

constexpr Duration seconds(double value) { return Duration::from_si(value); }
constexpr DataSize bytes(double value) { return DataSize::from_si(value); }
constexpr Bandwidth bytes_per_second(double value) { return Bandwidth::from_si(value); }
constexpr FlopCount flops(double value) { return FlopCount::from_si(value); }
constexpr FlopRate flops_per_second(double value) { return FlopRate::from_si(value); }
constexpr Energy joules(double value) { return Energy::from_si(value); }
constexpr Power watts(double value) { return Power::from_si(value); }
constexpr Length metres(double value) { return Length::from_si(value); }
constexpr Frequency hertz(double value) { return Frequency::from_si(value); }
constexpr Voltage volts(double value) { return Voltage::from_si(value); }
constexpr Temperature kelvins(double value) { return Temperature::from_si(value); }
inline constexpr double zero_celsius_k = 273.15;
constexpr Temperature degrees_celsius(double value) { return Temperature::from_si(value + zero_celsius_k); }

constexpr double in_seconds(Duration q) { return q.si(); }
constexpr double in_hours(Duration q) { return q.si() / 3600.0; }
constexpr double in_bytes(DataSize q) { return q.si(); }
constexpr double in_bytes_per_second(Bandwidth q) { return q.si(); }
constexpr double in_flops(FlopCount q) { return q.si(); }
constexpr double in_flops_per_second(FlopRate q) { return q.si(); }
constexpr double in_joules(Energy q) { return q.si(); }
constexpr double in_megawatt_hours(Energy q) { return q.si() / 3.6e9; }
constexpr double in_watts(Power q) { return q.si(); }
constexpr double in_metres(Length q) { return q.si(); }
constexpr double in_megawatts(Power q) { return q.si() / 1e6; }
constexpr double in_celsius(Temperature q) { return q.si() - zero_celsius_k; }

// `using namespace zettasim::literals;` brings 2_us, 64_MiB, 25_GB_per_s and their kin.
namespace literals {
#define ZETTASIM_LITERAL(suffix, Type, scale)                                                                   \
  constexpr Type operator""_##suffix(long double v) { return Type::from_si(static_cast<double>(v) * (scale)); } \
  constexpr Type operator""_##suffix(unsigned long long v) { return Type::from_si(static_cast<double>(v) * (scale)); }
ZETTASIM_LITERAL(ns, Duration, 1e-9)
ZETTASIM_LITERAL(us, Duration, 1e-6)
ZETTASIM_LITERAL(ms, Duration, 1e-3)
ZETTASIM_LITERAL(s, Duration, 1.0)
ZETTASIM_LITERAL(h, Duration, 3600.0)
ZETTASIM_LITERAL(B, DataSize, 1.0)
ZETTASIM_LITERAL(MB, DataSize, 1e6)
ZETTASIM_LITERAL(GB, DataSize, 1e9)
ZETTASIM_LITERAL(TB, DataSize, 1e12)
ZETTASIM_LITERAL(KiB, DataSize, 1024.0)
ZETTASIM_LITERAL(MiB, DataSize, 1048576.0)
ZETTASIM_LITERAL(GiB, DataSize, 1073741824.0)
ZETTASIM_LITERAL(GB_per_s, Bandwidth, 1e9)
ZETTASIM_LITERAL(TB_per_s, Bandwidth, 1e12)
ZETTASIM_LITERAL(GFLOP, FlopCount, 1e9)
ZETTASIM_LITERAL(TFLOP, FlopCount, 1e12)
ZETTASIM_LITERAL(GFLOP_per_s, FlopRate, 1e9)
ZETTASIM_LITERAL(TFLOP_per_s, FlopRate, 1e12)
ZETTASIM_LITERAL(J, Energy, 1.0)
ZETTASIM_LITERAL(W, Power, 1.0)
ZETTASIM_LITERAL(kW, Power, 1e3)
ZETTASIM_LITERAL(MW, Power, 1e6)
ZETTASIM_LITERAL(pJ_per_flop, EnergyPerFlop, 1e-12)
ZETTASIM_LITERAL(pJ_per_bit, EnergyPerByte, 8e-12)
#undef ZETTASIM_LITERAL
}  // namespace literals

}  // namespace zettasim
