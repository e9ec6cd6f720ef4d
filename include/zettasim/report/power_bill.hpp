// The bill of watts on a screen, and as JSON under stable names (docs/formats.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "zettasim/base/quantity.hpp"
#include "zettasim/base/vocabulary.hpp"
#include "zettasim/platform/machine.hpp"

namespace zettasim::report {

struct PowerBill {
  const platform::Machine& machine;       // must outlive the bill
  std::string variant;                    // of the machine: "as it is", or the overlay that makes it another
  std::string load;                       // "idle", "peak", "hpl"
  PerComponent<Power> power;              // at the facility
  std::optional<Duration> time;           // that an application takes, whose mean this is
  std::string version = {};               // of zettasim
  std::vector<std::string> command = {};  // enough to compute it again
};

std::string power_bill_screen(const PowerBill& bill);
// Several machines under one load side by side, at most as many as fit a screen.
std::string power_bills_screen(const std::vector<PowerBill>& bills);
std::string power_bill_json(const PowerBill& bill);
std::string power_bills_json(const std::vector<PowerBill>& bills);  // {"bills": [...]}

}  // namespace zettasim::report
