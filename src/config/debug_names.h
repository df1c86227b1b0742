// Names of caches in KSLAB_DEBUG that look like a size class and are none. Names of the program's own caches cannot be
// known at the start: what does not resemble "kmalloc-64" is left alone.
#pragma once
#include "config/debug_switches.h"
#include "config/size_classes.h"

namespace kslab {

// One line for each such name, with the right one. How many there were.
unsigned debug_names_check(const debug_switches& switches, const size_class_table& classes);

}  // namespace kslab
