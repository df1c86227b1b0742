// Large objects that have to read as zero, where their pages held something before.
//
// Clearing them by hand makes all of them resident, and of a sparse table few are ever touched. So the pages of tables that are
// seen to be used in small part go back to the system, which is as good as zeroes, where a table is no small part of what the
// program has in use. Sizes are told apart by powers of two. At first tables up to 4 MiB count as used whole, and larger ones do not.
#pragma once
#include "pages/run.h"

namespace kslab {

// Whether few pages of an object of so many are likely to be touched, and it is worth a fault for each.
bool zeroed_is_sparse(size_t pages);

// Whether the use of one that is asked for now should be seen, which a run's is. One that is not is counted.
bool zeroed_is_looked_at(size_t pages);

// Makes a run that was just handed out read as zero. It may be watched after that (pages/populate.h).
void clear_run(run* r);

// What populate.h saw of a run that clear_run made: how many of so many pages held something.
void note_zeroed_use(size_t pages, unsigned held, unsigned samples);

}  // namespace kslab
