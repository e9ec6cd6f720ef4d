// Files in a tar archive. Private to workload.
#pragma once

#include <string>
#include <vector>

#include "zettasim/workload/rank_trace_files.hpp"

namespace zettasim::workload {

// The regular files of an archive that is in memory (POSIX.1-1988 ustar, with the long names of GNU and of pax), by
// name. Throws InputError where a header is damaged or the archive is cut off.
std::vector<RankFile> unpack_archive(const std::string& name, const std::string& archive);

}  // namespace zettasim::workload
