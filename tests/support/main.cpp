// The main function of every test program.
#ifndef ZETTASIM_CATCH2_V3
#define CATCH_CONFIG_MAIN
#endif
#include "support/catch.hpp"
