// Fresh pages of objects of four pages and more in one call instead of a fault for each, in programs that are seen to use such
// objects whole.
//
// Fresh runs are watched, by groups of sizes, those that were made resident as well; after one that was used in part sixteen
// are not. One that holds something in all of a few pages when it is freed pays for
// making four others resident at once; one that was used in part ends that. What a program uses is told from the memory
// alone: mincore is among the calls that a sandbox kills for.
#pragma once
#include "pages/page_allocator.h"

namespace kslab {

// A run that was just handed out, for one object that need not read as zero.
void populate_like_others(run* r);
// Of a run that is being freed; nobody else has it.
void note_use(run* r);

// So many bytes of a run that was just handed out are written next.
void populate_for_copy(const run* r, size_t bytes);

}  // namespace kslab
