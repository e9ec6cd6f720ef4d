// Quantities for people: three significant digits and the prefix that suits. Files for machines carry SI numbers instead.
#pragma once

#include <string>

#include "zettasim/base/quantity.hpp"

namespace zettasim {

std::string to_text(Duration);   // "1.70 us", "42.0 ms", "3 min 20 s", "2 h 05 min", "3 d 04 h"
std::string to_text(DataSize);   // decimal: "64.0 GB"
std::string to_text(Bandwidth);  // "25.0 GB/s"
std::string to_text(FlopCount);  // "1.20 EFLOP"
std::string to_text(FlopRate);   // "47.9 TFLOP/s"
std::string to_text(Energy);     // "3.60 MJ", from 1 kWh on in watt-hours: "812 MWh"
std::string to_text(Power);      // "31.4 MW"
std::string percent(double share);                    // 0.4271 -> "42.7 %"
std::string with_thousands(unsigned long long count);  // "15,360"

// The shortest text that reads back as exactly this quantity in its SI unit, for resolved descriptions: "2.5e-08 s".
std::string exact_text(double si_value, const char* unit);

}  // namespace zettasim
