// Fresh pages of large objects in one call instead of a fault for each, in programs that are seen to use such objects whole.
//
// Of each group of sizes one run is watched. When the next fresh one is asked for, and the watched one has become resident from
// end to end, that pays for making four others resident at once; one that was used in part ends it. Every fourth is watched
// although it could be populated: programs change.
#pragma once
#include "pages/page_allocator.h"

namespace kslab {

// A run that was just handed out.
void populate_like_others(const run* r);

}  // namespace kslab
