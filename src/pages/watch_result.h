// What is looked at of a watched run, and what was seen (watch.h).
#pragma once
#include "pages/run.h"

namespace kslab {

// So many pages, until so many held something or so many did not.
struct look {
    unsigned samples, most_held, most_empty;
};

// All 0 where the kernel does not tell, or a page is inaccessible.
struct pages_seen {
    unsigned held = 0, empty = 0;
    bool first_held = false;
};

}  // namespace kslab
