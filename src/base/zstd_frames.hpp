// Whether a .zst file is whole. Boost's unpacker ends quietly where a file ends, so that a log cut off in copying would
// be read in part as if it were all. Private to base.
#pragma once

#include <istream>

namespace zettasim {

// Walks the frames and blocks of a Zstandard file by their lengths (RFC 8878, sections 3.1.1 and 3.1.2) without
// unpacking them: true when there is at least one frame and the last ends where the file does. Leaves `file` at its
// beginning.
bool holds_whole_zstd_frames(std::istream& file);

}  // namespace zettasim
