// Simulations of messages for a process that has, or will have, a simulation of its own.
//
// There is one SimGrid engine a process (design D4). So a server is forked before this process makes its own, and forks
// a child for each schedule; children share machine and network with us as they were at the fork.
#pragma once

#include <sys/types.h>

#include "zettasim/engine/messages.hpp"

namespace zettasim::engine {

class MessageServer {
 public:
  // To be made before the engine of this process. Machine and network must not change afterwards.
  MessageServer(const platform::Machine& machine, const topology::Network& network);
  ~MessageServer();
  MessageServer(const MessageServer&) = delete;
  MessageServer& operator=(const MessageServer&) = delete;

  // As simulate_messages, but as often as one likes; throws InputError as it does.
  Duration time(const MessageSchedule& schedule);

 private:
  pid_t server_ = 0;
  int line_ = -1;  // both ways
};

}  // namespace zettasim::engine
