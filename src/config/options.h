// All options. One line of the table makes the field, its default, the parser, KSLAB_HELP=1 and the table of
// the README (tests compare them).
#pragma once
#include "base/attributes.h"

namespace kslab {

enum class size_profile : uint8_t { odd, kmalloc, fine };
enum class slab_geometry : uint8_t { kslab, kernel };
enum class realloc_zero : uint8_t { free, alloc };
enum class deepbind : uint8_t { keep, clear };
enum class on_off : uint8_t { off, on };

// kind, name (the variable is KSLAB_name), field, default, choices or unit, help
#define KSLAB_OPTIONS(X)                                                                                       \
    X(choice, CLASSES, classes, size_profile, size_profile::odd, "odd|kmalloc|fine",                           \
      "size classes: the kernel's with quarter steps, the kernel's to the letter, or finer ones")              \
    X(choice, GEOMETRY, geometry, slab_geometry, slab_geometry::kslab, "kslab|kernel",                         \
      "slab sizes: kslab's, or the orders and object counts of Linux 2.6.17")                                  \
    X(size, THREAD_CACHE, thread_cache, size_t, size_t{256} << 10, "bytes",                                    \
      "how much free memory the arrays of one thread may hold")                                                \
    X(number, DECAY_MS, decay_ms, size_t, 1000, "milliseconds",                                                \
      "free pages that nobody used for so long go back to the system")                                         \
    X(size, LIMIT, limit, size_t, 0, "bytes",                                                                  \
      "allocations fail with ENOMEM beyond this much memory in use; 0: no limit") \
    X(choice, REALLOC_ZERO, realloc_zero_size, realloc_zero, realloc_zero::free, "free|alloc",                 \
      "realloc(p, 0): free p and return null as glibc does, or return a new object")                           \
    X(choice, DEEPBIND, deepbind_flag, deepbind, deepbind::keep, "keep|clear",                                 \
      "dlopen with RTLD_DEEPBIND: leave the flag, or clear it so that the plugin uses kslab too")              \
    X(choice, VERBOSE, verbose, on_off, on_off::off, "0|1", "1: say at the start whether kslab is active, and with what")  \
    X(choice, HELP, help, on_off, on_off::off, "0|1", "1: print this table")

struct options {
#define KSLAB_OPTION_FIELD(kind, name, field, type, initial, domain, help) type field = initial;
    KSLAB_OPTIONS(KSLAB_OPTION_FIELD)
#undef KSLAB_OPTION_FIELD
};

// Reads NAME=VALUE strings; reports every KSLAB_ name that is unknown, with the nearest right one, and every
// value that does not fit, in one line each, and keeps the default then.
void options_read(options& into, char* const* environment);

// The table, for KSLAB_HELP=1.
void options_print_help();

}  // namespace kslab
