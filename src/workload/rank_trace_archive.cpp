// A tar archive is a row of blocks of 512 bytes: a header for each file, then its bytes filled up to whole blocks; two
// blocks of zeros end it. Traces come in such archives, and of all the format offers they need names and bytes only.
//
//   offset 0 name (100)   124 size in octal (12)   148 checksum in octal (8)   156 kind (1)   345 prefix of the name
//   (155)
#include "rank_trace_archive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "zettasim/base/problem.hpp"

namespace zettasim::workload {
namespace {

constexpr std::size_t block = 512;

std::string_view text_field(std::string_view header, std::size_t at, std::size_t length) {
  const auto field = header.substr(at, length);
  return field.substr(0, std::min(field.find('\0'), field.size()));
}

std::optional<std::size_t> octal_field(std::string_view header, std::size_t at, std::size_t length) {
  auto field = text_field(header, at, length);
  while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
  while (!field.empty() && field.back() == ' ') field.remove_suffix(1);
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value, 8);
  if (error != std::errc{} || end != field.data() + field.size()) return std::nullopt;
  return value;
}

// The sum of the header's bytes, its own field counted as blanks.
std::size_t checksum(std::string_view header) {
  std::size_t sum = 8 * static_cast<std::size_t>(' ');
  for (std::size_t i = 0; i < block; ++i) {
    if (i < 148 || i >= 156) sum += static_cast<unsigned char>(header[i]);
  }
  return sum;
}

// "27 path=a/long/name\n" among the records of a pax header.
std::string path_of_pax(std::string_view records) {
  const std::string_view key = " path=";
  const auto at = records.find(key);
  if (at == std::string_view::npos) return {};
  const auto begin = at + key.size();
  return std::string(records.substr(begin, std::min(records.find('\n', begin), records.size()) - begin));
}

}  // namespace

std::vector<RankFile> unpack_archive(const std::string& name, const std::string& archive) {
  std::vector<RankFile> files;
  std::string long_name;
  for (std::size_t at = 0; at + block <= archive.size();) {
    const auto header = std::string_view(archive).substr(at, block);
    if (header.find_first_not_of('\0') == std::string_view::npos) break;
    const auto size = octal_field(header, 124, 12);
    if (!size || octal_field(header, 148, 8) != checksum(header)) {
      throw InputError(name, fmt::format("is not a whole tar archive: the header at byte {} is damaged", at));
    }
    if (*size > archive.size() - at - block) {
      throw InputError(name,
                       fmt::format("is not a whole tar archive: it ends within \"{}\"", text_field(header, 0, 100)));
    }
    const auto content = std::string_view(archive).substr(at + block, *size);
    at += block + (*size + block - 1) / block * block;
    const char kind = header[156];
    if (kind == 'L') {
      long_name = text_field(content, 0, content.size());
    } else if (kind == 'x') {
      long_name = path_of_pax(content);
    } else {
      const auto prefix =
          text_field(header, 257, 5) == "ustar" && header[262] == '\0' ? text_field(header, 345, 155) : "";
      std::string plain = fmt::format("{}{}{}", prefix, prefix.empty() ? "" : "/", text_field(header, 0, 100));
      if (!long_name.empty()) plain = std::exchange(long_name, {});
      if (kind == '0' || kind == '\0') files.push_back({fmt::format("{}({})", name, plain), std::string(content)});
    }
  }
  std::sort(files.begin(), files.end(), [](const RankFile& a, const RankFile& b) { return a.name < b.name; });
  return files;
}

}  // namespace zettasim::workload
