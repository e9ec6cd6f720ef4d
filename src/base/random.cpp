#include "zettasim/base/random.hpp"

#include <boost/random/exponential_distribution.hpp>
#include <boost/random/gamma_distribution.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_01.hpp>

namespace zettasim {
namespace {

// splitmix64 finaliser (Steele, Lea and Flood 2014): spreads nearby seeds over the whole range.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// FNV-1a, so that a stream's name takes part in its seed on every platform alike.
std::uint64_t hash(std::string_view name) {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return h;
}

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, std::string_view name, std::uint64_t index)
    : generator_(mix(mix(mix(seed) ^ hash(name)) ^ index)) {}

double RandomStream::uniform() { return boost::random::uniform_01<double>()(generator_); }
double RandomStream::uniform(double low, double high) { return low + (high - low) * uniform(); }
double RandomStream::normal(double mean, double deviation) {
  return boost::random::normal_distribution<double>(mean, deviation)(generator_);
}
double RandomStream::gamma(double shape, double scale) {
  return boost::random::gamma_distribution<double>(shape, scale)(generator_);
}
double RandomStream::exponential(double mean) {
  return boost::random::exponential_distribution<double>(1.0 / mean)(generator_);
}

}  // namespace zettasim
