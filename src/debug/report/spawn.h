// A program as a filter, run so that this process does not notice: no SIGCHLD, nothing for its wait(), no descriptor,
// no signal handler runs meanwhile.
#pragma once
#include "base/attributes.h"

namespace kslab {

struct filter_call {
    const char* path;
    char** arguments;
    char** environment;
    const char* input;
    size_t input_length;
    char* output;
    size_t capacity;
};

// The length of the filter's output; 0 when it could not be started, failed, wrote more than the capacity, or took
// longer than 5 s. One at a time: callers hold report_lock.
size_t run_filter(const filter_call& call);

}  // namespace kslab
