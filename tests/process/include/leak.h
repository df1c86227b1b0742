// For programs that leak on purpose. What is lost must be lost for certain: a copy of a pointer that stays behind in
// a dead part of the stack would hide it, so it is handed around disguised, and the stack is wiped.
#pragma once
#include "check.h"

#ifdef __cplusplus
extern "C" {
#endif
long kslab_leak_check(void) PROCESS_WEAK;
void kslab_ignore_leak(const void *) PROCESS_WEAK;
#ifdef __cplusplus
}
#endif

#define NOINLINE __attribute__((noinline, noclone))

// A pointer that no scan of memory recognises.
typedef uintptr_t disguised;
static inline disguised disguise(const void *p)
{
    return ~(uintptr_t)hide((void *)p);
}
static inline void *reveal(disguised d)
{
    return hide((void *)~d);
}

// A block of that size that only the result leads to.
static NOINLINE __attribute__((unused)) disguised new_hidden(size_t size)
{
    void *p = malloc(hide_size(size));
    CHECK(p != NULL);
    memset(p, 0, size);
    return disguise(p);
}

// Overwrites the next 16 KiB of the stack.
static NOINLINE __attribute__((unused)) void wipe_stack(void)
{
    volatile char below[16 << 10];
    for (size_t i = 0; i < sizeof below; i++)
        below[i] = 0;
}

// How many objects are leaked now.
static inline long leaks_now(void)
{
    if (!kslab_leak_check)
        skip("this allocator looks for no leaks");
    wipe_stack();
    return kslab_leak_check();
}
