// T: one line for each operation of the caches named.
#pragma once
#include "check/debug_table.h"
#include "check/place.h"

namespace kslab {

void trace_allocation(const place& p, const call& how);
void trace_free(const place& p, const call& how);

}  // namespace kslab
