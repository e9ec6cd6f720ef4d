#include "shown.hpp"

namespace zettasim::report {
namespace {

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::string shown(std::string_view text, std::size_t most) {
  constexpr std::string_view rest_mark = "...";
  std::string result;
  std::size_t characters = 0, room_for_mark = 0;
  for (const char c : text) {
    if (!continues_character(c)) {
      if (characters + rest_mark.size() == most) room_for_mark = result.size();
      if (characters == most) return result.substr(0, room_for_mark) + std::string(rest_mark);
      ++characters;
    }
    const auto byte = static_cast<unsigned char>(c);
    result += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  return result;
}

}  // namespace zettasim::report
