// Seeded random streams. A stream is named, so that adding a draw in one place never changes the draws of another.
//
// Boost.Random is used rather than <random> because its distributions give the same numbers with every standard library.
#pragma once

#include <boost/random/mersenne_twister.hpp>
#include <cstdint>
#include <string_view>

namespace zettasim {

class RandomStream {
 public:
  // The same seed, name and index always give the same draws; streams with different names or indices are independent.
  RandomStream(std::uint64_t seed, std::string_view name, std::uint64_t index = 0);

  double uniform();                          // in [0, 1)
  double uniform(double low, double high);   // in [low, high)
  double normal(double mean, double deviation);
  double gamma(double shape, double scale);  // mean is shape * scale
  double exponential(double mean);

 private:
  boost::random::mt19937_64 generator_;
};

}  // namespace zettasim
