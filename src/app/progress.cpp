#include "app/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "zettasim/base/text.hpp"

namespace zettasim::app {

Progress::Progress(const char* what) : what_(what), on_terminal_(::isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (shown_) fmt::print(stderr, "\r\x1b[K");
}

void Progress::show(std::size_t done, std::size_t total, std::size_t fresh) {
  const auto now = Clock::now();
  if (!on_terminal_ || fresh == 0 || now - last_ < std::chrono::milliseconds(200)) return;
  last_ = now;
  shown_ = true;
  const double spent = std::chrono::duration<double>(now - began_).count();
  const double left = spent * static_cast<double>(total - done) / static_cast<double>(fresh);
  fmt::print(stderr, "\r\x1b[K{} of {} {} ({}), {:.3g}/s, about {} left", done, total, what_,
             percent(static_cast<double>(done) / static_cast<double>(total)), static_cast<double>(fresh) / spent,
             to_text(seconds(left)));
}

}  // namespace zettasim::app
