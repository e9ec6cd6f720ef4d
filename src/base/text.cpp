#include "zettasim/base/text.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace zettasim {
namespace {

std::string three_digits(double value) {
  const double size = std::abs(value);
  if (size >= 99.95) return fmt::format("{:.0f}", value);
  if (size >= 9.995) return fmt::format("{:.1f}", value);
  if (size < 0.005) return "0.00";  // never "-0.00"
  return fmt::format("{:.2f}", value);
}

std::string with_prefix(double value, const char* unit) {
  constexpr std::array prefixes = {"", "k", "M", "G", "T", "P", "E", "Z"};
  if (value == 0.0) return fmt::format("0 {}", unit);
  std::size_t step = 0;
  while (std::abs(value) >= 999.5 && step + 1 < prefixes.size()) value /= 1000.0, ++step;
  return fmt::format("{} {}{}", three_digits(value), prefixes[step], unit);
}

}  // namespace

std::string to_text(Duration d) {
  const double s = d.si();
  if (s == 0.0) return "0 s";
  if (std::abs(s) < 999.5e-9) return three_digits(s * 1e9) + " ns";
  if (s < 0.0) return "-" + to_text(-d);
  if (s < 999.5e-6) return three_digits(s * 1e6) + " us";
  if (s < 0.9995) return three_digits(s * 1e3) + " ms";
  if (s < 119.5) return three_digits(s) + " s";
  constexpr double most_counted = 1e15;  // 30 million years; beyond it, and for what is no number, days in short
  if (!(s < most_counted)) return fmt::format("{:.3g} d", s / 86400.0);
  const auto whole = static_cast<long long>(std::llround(s));
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
  return fmt::format("{} d {:02} h", whole / 86400, whole % 86400 / 3600);
}
std::string to_text(DataSize q) { return with_prefix(q.si(), "B"); }
std::string to_text(Bandwidth q) { return with_prefix(q.si(), "B/s"); }
std::string to_text(FlopCount q) { return with_prefix(q.si(), "FLOP"); }
std::string to_text(FlopRate q) { return with_prefix(q.si(), "FLOP/s"); }
std::string to_text(Energy q) {
  return std::abs(q.si()) < 3.6e6 ? with_prefix(q.si(), "J") : with_prefix(q.si() / 3600.0, "Wh");
}
std::string to_text(Power q) { return with_prefix(q.si(), "W"); }
std::string percent(double share) {
  return (std::abs(share) < 5e-5 ? std::string("0") : three_digits(share * 100.0)) + " %";  // never "-0.00 %"
}

std::string with_thousands(unsigned long long count) {
  std::string digits = std::to_string(count);
  for (auto place = static_cast<std::ptrdiff_t>(digits.size()) - 3; place > 0; place -= 3) {
    digits.insert(static_cast<std::size_t>(place), ",");
  }
  return digits;
}

std::string exact_text(double si_value, const char* unit) { return fmt::format("{} {}", si_value, unit); }

}  // namespace zettasim
