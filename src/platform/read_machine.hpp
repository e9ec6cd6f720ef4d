// From a whole description, its parts in place, to a Machine. Private to platform.
#pragma once

#include "zettasim/base/document.hpp"
#include "zettasim/platform/machine.hpp"

namespace zettasim::platform {

// Reads every field, then checks what holds between them. Throws InputError with all problems, among them those that
// finding the parts has left in `document`. A part that is still the name of a file is one that could not be loaded: it
// has its problem already and is passed over.
Machine read_machine(Document& document);

}  // namespace zettasim::platform
