// What libdw knows about one address of a module.
#pragma once
#include <elfutils/libdwfl.h>

#include "tools/frames.h"

namespace tools {

// `address` is an address of the module as the Dwfl has it. Empty when it has no debug data there.
source_frames dwarf_frames(Dwfl_Module* module, Dwarf_Addr address);

std::string demangled(const char* name);

}  // namespace tools
