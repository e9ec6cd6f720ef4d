// How a machine is cooled: its fields, and what must hold between them. Private to platform.
#pragma once

#include <optional>

#include "zettasim/base/field.hpp"
#include "zettasim/platform/machine.hpp"

namespace zettasim::platform {

Cooling read_cooling(const Field& cooling);

// Whether its temperatures go together, for a machine whose fields were all read.
void check_cooling(const Field& facility, const Facility& read);

}  // namespace zettasim::platform
