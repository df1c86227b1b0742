// Looking at all objects: on demand, every so many operations (KSLAB_VALIDATE), and at exit.
#pragma once
#include "check/place.h"

namespace kslab {

// Redzones and poison of all objects. Damage is reported and repaired; how many damaged objects there were.
size_t validate_objects(const char* found_by);

// What the last one looked at: objects, and the bytes of redzones and poison around and in them.
struct validation_stats {
    size_t objects;
    size_t bytes;
};
validation_stats validation_read_stats();

// Counts operations; every KSLAB_VALIDATE of them the heap is checked. Also what a signal asked for.
void validate_now_and_then();

}  // namespace kslab
