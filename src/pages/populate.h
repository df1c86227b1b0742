// Fresh pages of objects of four pages and more in one call instead of a fault for each, in programs that are seen to use such
// objects whole.
//
// Fresh runs are watched, by groups of sizes, those that were made resident as well; after one that was used in part sixteen are
// not. One that holds something in all of a few pages when it is freed pays for making four others resident at once; one that was
// used in part ends that.
#pragma once
#include "pages/watch_result.h"

namespace kslab {

// A run that was just handed out, for one object that need not read as zero.
void populate_like_others(run* r);
// All of them have to hold something.
inline constexpr look kFreshLook{.samples = 6, .most_held = 6, .most_empty = 1};
void note_fresh_use(size_t pages, pages_seen seen);

// So many bytes of a run that was just handed out are written next.
void populate_for_copy(const run* r, size_t bytes);

}  // namespace kslab
