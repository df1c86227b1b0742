// KSLAB_SLABINFO and KSLAB_SLABINFO_SIGNAL: slabinfo of a program that knows nothing of it.
#pragma once

namespace kslab {

// Prepares for the signal; from the library's constructor, when the program's malloc is kslab's or it uses the API.
void slabinfo_start();
// At exit.
void slabinfo_finish();

}  // namespace kslab
