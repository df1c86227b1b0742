// The program's shrinkers (include/kslab/shrinker.h).
#pragma once
#include "kslab/gfp.h"

#include "base/mutex.h"

namespace kslab {

// Guards the list of shrinkers; fork takes it.
extern mutex shrinkers_lock;

// Lets all of them give up what they can. True when objects were freed, or another thread is at it.
bool shrinkers_call(gfp_t gfp);

// In the child of a fork: a thread that was calling them does not exist.
void shrinkers_after_fork();

}  // namespace kslab
