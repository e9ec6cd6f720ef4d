// How closely communication phases are looked at.
#pragma once

namespace zettasim::engine {

enum class Resolution {
  patterns,  // bytes on each link, and rounds one after the other: fast, for machines of any size
  messages,  // each message simulated: slow, for small machines (docs/decisions/0008-messages-of-jobs.md)
};

}  // namespace zettasim::engine
