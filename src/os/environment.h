// What the kernel handed to the process: environment and auxiliary vector, read from the block on the
// initial stack, because the first allocation may come before libc has set `environ`.
#pragma once
#include "base/attributes.h"

namespace kslab {

struct process_start {
    char** environment;   // null-terminated; empty when the block could not be found
    size_t page_size;     // AT_PAGESZ
    const void* phdr;     // AT_PHDR of the executable
    size_t phdr_count;    // AT_PHNUM
    bool secure;          // AT_SECURE: set-user-id and the like; the environment is not trusted
    const void* vdso;     // AT_SYSINFO_EHDR: where the clock can be read without a system call
    const char* program;  // last component of argv[0]
};

const process_start& start_block();

// CPUs this process may run on, 1 when unknown. One system call.
unsigned usable_cpus();

}  // namespace kslab
