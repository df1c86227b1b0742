// KSLAB_GROUPS=modules: a group for each shared object, the executable among them, whose code calls for memory. Which one
// an address lies in comes from /proc/self/maps, and is remembered by address: the loader's locks are not taken, and most
// allocations cost one look into a table.
#pragma once
#include "base/mutex.h"

namespace kslab {

// Set at boot.
extern bool by_module;

// The group of the module that holds the call before this return address, made when it is not there. What is in no file is
// in the group [anonymous]; without /proc all is. 0: there is no memory for a group, or there are too many.
unsigned module_group(const void* return_address);

// Before code is mapped: what was unmapped meanwhile may have been at the same place.
void module_groups_forget();

// Guards what is known of modules; fork takes it.
extern mutex module_groups_lock;

}  // namespace kslab
