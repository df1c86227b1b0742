// Large objects that have to read as zero, where their pages held something before.
//
// Clearing them by hand makes all of them resident, and of a sparse table few are ever touched. So the pages of tables that are
// seen to be used in small part go back to the system, which is as good as zeroes; if a table is no small part of what the program
// has in use, for each page that is touched again costs a fault. Sizes are told apart by powers of four. Tables up to 4 MiB count as
// used whole until three in a row were not, larger ones as sparse until one was used whole.
#pragma once
#include "pages/watch_result.h"

namespace kslab {

// Whether few pages of an object of so many are likely to be touched, and it is worth a fault for each.
bool zeroed_is_sparse(size_t pages);

// Makes all pages of a run that was just handed out read as zero, and watches some of such runs.
void clear_run(run* r);
// The same if that costs no writing, and without watching; false: the caller has to clear what it needs.
bool zero_without_writing(run* r);

// The first page and fifteen others, of which half are enough to tell that a table is used whole.
inline constexpr look kZeroedLook{.samples = 16, .most_held = 9, .most_empty = 16};
void note_zeroed_use(size_t pages, pages_seen seen);

}  // namespace kslab
