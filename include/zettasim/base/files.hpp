// Files in and out: texts that may be compressed, results that are written whole or not at all.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace zettasim {

// Reads a whole text file; `.gz` and `.zst` are unpacked. Throws InputError when it is missing, not a file, unreadable,
// damaged, or unpacks to more than `most_bytes` (which also stops decompression bombs).
std::string read_text(const std::filesystem::path& path, std::size_t most_bytes = std::size_t{1} << 30);

// Writes `text` to a temporary file beside `path`, then renames it: readers see the old file or the new one, whole.
// Creates missing folders. Throws InputError (place: the path) when the disk or the permissions do not allow it.
void write_whole(const std::filesystem::path& path, std::string_view text);

}  // namespace zettasim
