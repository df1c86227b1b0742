// Fresh pages of big buffers in one call instead of a fault for each, in programs that are seen to use such buffers whole.
//
// Of some big runs a few pages are watched that are not resident when the run is handed out. Resident when it is given back, the
// run is evidence, and pays for populating four others, of at most twice the largest size that was evidence lately. One that
// was used in part ends it. Every fourth run is watched though it could be populated: programs change.
#pragma once
#include "pages/page_allocator.h"

namespace kslab {

// A run that was just handed out; `cleared`: it has to read as zero, and such tables are often sparse.
void populate_like_others(run* r, bool cleared);
// Before it is given back.
void note_use(const run* r);

}  // namespace kslab
