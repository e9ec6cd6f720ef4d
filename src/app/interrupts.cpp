#include "app/interrupts.hpp"

#include <csignal>

namespace zettasim::app {
namespace {

volatile std::sig_atomic_t interrupted = 0;
void note_interrupt(int) { interrupted = 1; }

}  // namespace

void listen_for_interrupts() {
  struct sigaction action = {};
  action.sa_handler = note_interrupt;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGXFSZ, SIG_IGN);
}

bool was_interrupted() { return interrupted != 0; }

}  // namespace zettasim::app
