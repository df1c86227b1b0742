// What happens when memory is short: everything that waits unused is collected, programs that registered shrinkers
// (kslab/shrinker.h) give up what they can spare, and the allocation is tried again.
#pragma once
#include "kslab/gfp.h"

#include "base/attributes.h"

namespace kslab {

// After an allocation of `size` bytes that failed `attempt` times before: whether another try makes sense. What the
// flags allow to do for it has been done. No lock is held.
bool try_again(gfp_t gfp, size_t size, unsigned attempt);

}  // namespace kslab
