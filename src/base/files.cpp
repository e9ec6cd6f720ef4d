#include "zettasim/base/files.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "zettasim/base/problem.hpp"
#include "zstd_frames.hpp"

namespace zettasim {
namespace {

std::string read_stream(std::istream& stream, const std::filesystem::path& path, std::size_t most_bytes) {
  std::string text;
  char block[1 << 16];
  while (stream.read(block, sizeof block), stream.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > most_bytes) {
      throw InputError(path.string(), fmt::format("holds more than {} bytes, the most that is read", most_bytes));
    }
  }
  if (stream.bad()) throw InputError(path.string(), "cannot be read to its end (damaged, or a failing disk)");
  return text;
}

}  // namespace

std::string read_text(const std::filesystem::path& path, std::size_t most_bytes) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) throw InputError(path.string(), "no such file");
  if (!std::filesystem::is_regular_file(path, ignored)) throw InputError(path.string(), "is not a regular file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path.string(), fmt::format("cannot be opened ({})", std::strerror(errno)));
  const auto extension = path.extension();
  if (extension != ".gz" && extension != ".zst") return read_stream(file, path, most_bytes);
  const auto damaged = [&] {
    return InputError(path.string(), fmt::format("is not a whole {} file (damaged or cut off)", extension.string()));
  };
  if (extension == ".zst" && !holds_whole_zstd_frames(file)) throw damaged();
  try {
    boost::iostreams::filtering_istream unpacked;
    if (extension == ".gz") unpacked.push(boost::iostreams::gzip_decompressor());
    if (extension == ".zst") unpacked.push(boost::iostreams::zstd_decompressor());
    unpacked.push(file);
    unpacked.exceptions(std::ios::badbit);
    return read_stream(unpacked, path, most_bytes);
  } catch (const std::ios_base::failure&) {
    throw damaged();
  }
}

void write_whole(const std::filesystem::path& path, std::string_view text) {
  std::error_code error;
  const auto folder = path.parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) throw InputError(folder.string(), fmt::format("the folder cannot be made ({})", error.message()));
  auto temporary = path;
  temporary += fmt::format(".{}.part", ::getpid());
  std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) {
    const std::string reason = std::strerror(errno);
    std::filesystem::remove(temporary, error);
    throw InputError(path.string(), fmt::format("cannot be written ({})", reason));
  }
  std::filesystem::rename(temporary, path, error);
  if (error) {
    const std::string reason = error.message();
    std::filesystem::remove(temporary, error);
    throw InputError(path.string(), fmt::format("cannot be written ({})", reason));
  }
}

}  // namespace zettasim
