#include "zstd_frames.hpp"

#include <array>
#include <cstdint>

namespace zettasim {
namespace {

constexpr std::uint64_t frame_magic = 0xfd2fb528;
constexpr std::uint64_t skippable_magic = 0x184d2a50;  // and the 15 numbers after it

class FrameWalk {
 public:
  explicit FrameWalk(std::istream& file) : file_(file) {
    file_.seekg(0, std::ios::end);
    size_ = static_cast<std::uint64_t>(file_.tellg());
    file_.seekg(0);
  }

  bool whole() {
    if (size_ == 0) return false;
    while (whole_ && at_ < size_) walk_frame();
    return whole_;
  }

 private:
  void walk_frame() {
    const std::uint64_t magic = number(4);
    if (magic == frame_magic) {
      walk_blocks();
    } else if ((magic & ~std::uint64_t{15}) == skippable_magic) {
      skip(number(4));
    } else {
      whole_ = false;
    }
  }

  void walk_blocks() {
    const std::uint64_t descriptor = number(1);
    const bool single_segment = descriptor & 0x20, checksum = descriptor & 0x04;
    constexpr std::array<std::uint64_t, 4> dictionary_bytes = {0, 1, 2, 4}, content_bytes = {0, 2, 4, 8};
    const std::uint64_t of_content = content_bytes[descriptor >> 6];
    skip((single_segment ? 0 : 1) + dictionary_bytes[descriptor & 3] +
         (of_content == 0 && single_segment ? 1 : of_content));
    for (bool last = false; whole_ && !last;) {
      const std::uint64_t header = number(3);
      constexpr std::uint64_t one_repeated_byte = 1;
      last = header & 1;
      skip((header >> 1 & 3) == one_repeated_byte ? 1 : header >> 3);
    }
    if (checksum) skip(4);
  }

  // The next `count` bytes as a little-endian number.
  std::uint64_t number(int count) {
    std::uint64_t result = 0;
    for (int i = 0; i < count; ++i) {
      const auto byte = file_.get();
      if (byte == std::istream::traits_type::eof()) return whole_ = false, 0;
      result |= static_cast<std::uint64_t>(byte) << (8 * i);
    }
    at_ += static_cast<std::uint64_t>(count);
    return result;
  }

  void skip(std::uint64_t count) {
    if (count > size_ - at_) whole_ = false;
    if (!whole_) return;
    at_ += count;
    file_.seekg(static_cast<std::streamoff>(at_));
  }

  std::istream& file_;
  std::uint64_t size_ = 0;
  std::uint64_t at_ = 0;
  bool whole_ = true;
};

}  // namespace

bool holds_whole_zstd_frames(std::istream& file) {
  const bool whole = FrameWalk(file).whole();
  file.clear();
  file.seekg(0);
  return whole;
}

}  // namespace zettasim
