// KSLAB_SLABINFO and KSLAB_SLABINFO_SIGNAL: slabinfo of a program that knows nothing of it.
#pragma once

namespace kslab {

// Prepares for the signal that was asked for; from the library's constructor, when the program's malloc is kslab's or it uses the API.
void slabinfo_start();
// At exit, when a file was asked for.
void slabinfo_finish();

}  // namespace kslab
