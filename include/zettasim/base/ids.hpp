// Index types: a NodeId is not a LinkId, and neither is built from a number by accident.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace zettasim {

template <class Tag>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(std::uint32_t index) : index_(index) {}
  constexpr explicit Id(std::size_t index) : index_(static_cast<std::uint32_t>(index)) {}
  constexpr explicit Id(int index) : index_(static_cast<std::uint32_t>(index)) {}
  constexpr std::uint32_t index() const { return index_; }
  constexpr auto operator<=>(const Id&) const = default;

 private:
  std::uint32_t index_ = 0;
};

using NodeId = Id<struct NodeTag>;  // a node of the machine, 0 to count - 1
using LinkId = Id<struct LinkTag>;  // a directed link of the network
using JobId = Id<struct JobTag>;    // a job's position in its trace, whatever number the trace itself gives it

}  // namespace zettasim
