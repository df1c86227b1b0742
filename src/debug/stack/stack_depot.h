// The stack depot: each different stack is kept once, for ever, and known by a number. Lookups take no lock.
#pragma once
#include "base/mutex.h"
#include "debug/stack/backtrace.h"

namespace kslab {

// 0 for an empty stack, or when memory is short.
uint32_t stack_depot_put(const stack_trace& stack);

struct stack_view {
    const uintptr_t* frame = nullptr;
    unsigned count = 0;
    stack_source source = stack_source::none;
};
// `id` is one that stack_depot_put gave, or 0.
stack_view stack_depot_get(uint32_t id);

// Captures track_depth frames and puts them.
uint32_t stack_depot_here();
// The same from the frame on that returns to `caller`: for functions that act on behalf of that one.
uint32_t stack_depot_from(const void* caller);

struct depot_stats {
    size_t stacks;
    size_t bytes;
};
depot_stats stack_depot_stats();

extern mutex stack_depot_lock;

}  // namespace kslab
