// The quarantine (Q): freed objects wait first in, first out, up to KSLAB_QUARANTINE bytes, so that a write to one of
// them meets poison, and not another object, for as long as possible.
#pragma once
#include "base/mutex.h"
#include "check/place.h"

namespace kslab {

// The object, whose state is quarantined, waits; the oldest leave while there are too many bytes.
void quarantine_put(const place& p);

// Everything leaves: memory is short, or a cache is to be destroyed.
void quarantine_drain();

struct quarantine_stats {
    size_t objects;
    size_t bytes;
};
quarantine_stats quarantine_read_stats();

extern mutex quarantine_lock;

}  // namespace kslab
