// What the base room needs from the operating system. src/os defines the functions; tests may replace them.
#pragma once
#include "base/attributes.h"

// glibc's, from 2.32 on: not zero as long as no other thread was made.
extern "C" char __libc_single_threaded __attribute__((weak));

namespace kslab {

// Sleeps while *word == expected; may wake without reason.
void host_futex_wait(uint32_t* word, uint32_t expected);
// The same for at most so many milliseconds; false when they are over.
bool host_futex_wait_for(uint32_t* word, uint32_t expected, uint32_t milliseconds);
void host_futex_wake_one(uint32_t* word);

// Writes to what was standard error when the program started, if it still is that file (os/host.cpp).
void host_write_report(const char* text, size_t length);

// Lets other threads run.
void host_yield();
void host_sleep_a_millisecond();

[[noreturn]] void host_abort();
// Whether it was called: SIGABRT is then our own.
bool host_aborts();

// A value that differs between any two living threads. No system call, valid before libc is ready.
inline uintptr_t host_thread_token() {
    uintptr_t token;
#if defined(__x86_64__)
    __asm__("movq %%fs:0, %0" : "=r"(token));
#elif defined(__aarch64__)
    __asm__("mrs %0, tpidr_el0" : "=r"(token));
#else
#error "kslab runs on x86-64 and aarch64"
#endif
    return token;
}

// True: no other thread runs, so that operations on memory need not be atomic. Threads that somebody makes past libc do
// not count, as for glibc's own malloc.
inline bool host_single_threaded() { return &__libc_single_threaded != nullptr && __libc_single_threaded != 0; }

inline void host_cpu_relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

}  // namespace kslab
