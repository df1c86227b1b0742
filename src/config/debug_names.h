// Names of caches in KSLAB_DEBUG and KSLAB_FAIL that look like a size class and are none. Names of the program's own caches cannot be
// known at the start: what does not resemble "kmalloc-64" is left alone.
#pragma once
#include "config/debug_switches.h"
#include "config/size_classes.h"

namespace kslab {

// One line for each such name, with the right one. How many there were.
unsigned debug_names_check(const debug_switches& switches, const size_class_table& classes);
// The same for one name, which may end with a star; `option` is where it stands.
bool cache_name_check(const char* option, const char* name, size_t length, const size_class_table& classes);

}  // namespace kslab
