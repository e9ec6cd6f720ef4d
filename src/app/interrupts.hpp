// Ctrl-C during long work: noticed between two points, so that what is done is kept and said.
#pragma once

namespace zettasim::app {

// From now on SIGINT and SIGTERM are noted instead of ending the program, and a file at its size limit is an error of
// writing instead of a signal.
void listen_for_interrupts();
bool was_interrupted();

}  // namespace zettasim::app
