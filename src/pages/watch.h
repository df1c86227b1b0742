// What the use of a large object teaches about others of its size: told from the memory alone when it is freed, for mincore is
// among the calls that a sandbox kills for. populate.h learns from fresh pages, clear.h from zeroed ones.
#pragma once
#include "pages/run.h"

namespace kslab {

// Of a run that is being freed; nobody else has it.
void note_use(run* r);

}  // namespace kslab
