// What every program of this directory uses to judge itself. Nothing here allocates: a check
// must be able to fail, and say so, while the heap is in any state at all.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif
// Weak under a preload, so that the same program also runs on another allocator. What is linked with
// an archive must ask for them, or they stay out.
#ifdef PROCESS_IS_LINKED
#define PROCESS_WEAK
#else
#define PROCESS_WEAK __attribute__((weak))
#endif
int kslab_validate(void) PROCESS_WEAK;
int kslab_is_active(void) PROCESS_WEAK;
int kslab_owns(const void *) PROCESS_WEAK;
#ifdef __cplusplus
}
#endif

// One line on standard error, written at once and without stdio's buffer.
__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...)
{
    char line[512];
    __builtin_va_list arguments;
    __builtin_va_start(arguments, format);
    int length = vsnprintf(line, sizeof line - 1, format, arguments);
    __builtin_va_end(arguments);
    if (length < 0)
        return;
    if ((size_t)length > sizeof line - 2)
        length = (int)sizeof line - 2;
    line[length] = '\n';
    if (write(2, line, (size_t)length + 1) < 0)
        _exit(2);
}

// _exit: a failed check must not run handlers that may hang on the very fault it found.
#define CHECK(condition)                                                                   \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            say("%s:%d: not true: %s (errno %d)", __FILE__, __LINE__, #condition, errno);  \
            _exit(1);                                                                      \
        }                                                                                  \
    } while (0)

// The same, with a sentence that holds the figures.
#define CHECK_SAY(condition, ...)                                                          \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            say("%s:%d: not true: %s", __FILE__, __LINE__, #condition);                    \
            say(__VA_ARGS__);                                                              \
            _exit(1);                                                                      \
        }                                                                                  \
    } while (0)

// Exit status 77 is ctest's "skipped"; the reason must be printed.
__attribute__((noreturn, unused)) static void skip(const char *reason)
{
    say("skipped: %s", reason);
    _exit(77);
}

// Keeps the compiler from knowing where a pointer came from: several programs do on purpose
// what it would warn about or optimise away.
static inline void *hide(void *p)
{
    __asm__ volatile("" : "+r"(p) : : "memory");
    return p;
}

static inline size_t hide_size(size_t n)
{
    __asm__ volatile("" : "+r"(n));
    return n;
}

// Field number `field` of /proc/self/statm in KiB: 0 is the address space, 1 what is resident.
static inline size_t statm_kib(int field)
{
    char text[256];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        skip("no /proc");
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    CHECK(length > 0);
    text[length] = 0;
    char *at = text;
    size_t pages = 0;
    for (int i = 0; i <= field; i++)
        pages = strtoul(at, &at, 10);
    return pages * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

static inline size_t rss_kib(void) { return statm_kib(1); }
static inline size_t vsz_kib(void) { return statm_kib(0); }

// Walks the whole heap where the allocator can do that.
static inline void validate_heap(void)
{
    if (kslab_validate)
        CHECK(kslab_validate() == 0);
}

// xorshift: the same sequence on every machine, so that a failure can be repeated.
static inline uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

static inline int all_bytes_are(const void *p, int value, size_t n)
{
    const unsigned char *bytes = (const unsigned char *)p;
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != (unsigned char)value)
            return 0;
    return 1;
}

static inline double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
