// Seams of per-CPU memory for tests.
#pragma once
#include "base/attributes.h"

namespace kslab {

// From now on the object of this CPU cannot be allocated; kNoCpu: all can.
inline constexpr unsigned kNoCpu = ~0u;
void percpu_fail_at(unsigned cpu);

}  // namespace kslab
