// The machine's CPUs, as per-CPU memory sees them.
#pragma once
#include "base/attributes.h"

namespace kslab {

// CPUs that may ever run a thread, also those that are off now and those that this process is kept from: one more than
// the highest number in /sys/devices/system/cpu/possible. Read at the first call only. Where that cannot be read, the
// highest number that this thread may run on counts (sched_getaffinity); at least 1.
unsigned possible_cpus();

// Where this thread runs at this moment; 0 when unknown. Less than possible_cpus().
unsigned this_cpu();

// The highest number in a list like "0-3,8"; -1 when it is none.
int highest_cpu_in(const char* list, size_t length);

// Tests: as if there were so many; 0: the system's answer again. this_cpu() is the real one modulo this.
void cpus_set_possible(unsigned count);

}  // namespace kslab
