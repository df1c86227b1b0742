// All options. One line of the table makes the field, its default, the parser, KSLAB_HELP=1 and the table of
// the README (tests compare them).
#pragma once
#include "base/attributes.h"

namespace kslab {

enum class size_profile : uint8_t { odd, kmalloc, fine };
enum class slab_geometry : uint8_t { kslab, kernel };
enum class realloc_zero : uint8_t { free, alloc };
enum class deepbind : uint8_t { clear, keep };
enum class group_choice : uint8_t { threads, modules };
enum class on_off : uint8_t { off, on };
enum class on_error : uint8_t { go_on, abort };
enum class guard_side : uint8_t { aligned, exact, start };
enum class leak_listing : uint8_t { leaks, possible, live };
enum class report_format : uint8_t { text, json };

// A copy: programs overwrite their environment.
inline constexpr size_t kOptionTextBytes = 512;
struct option_text {
    char text[kOptionTextBytes] = {};
};

// kind, name (the variable is KSLAB_name), field, default, choices or unit, help
#define KSLAB_OPTIONS(X)                                                                                       \
    X(choice, CLASSES, classes, size_profile, size_profile::odd, "odd|kmalloc|fine",                           \
      "size classes: the kernel's with steps between them, the kernel's to the letter, or finer ones")           \
    X(choice, GEOMETRY, geometry, slab_geometry, slab_geometry::kslab, "kslab|kernel",                         \
      "slab sizes and array limits: kslab's, or those of Linux 2.6.17, to the letter")                                  \
    X(size, THREAD_CACHE, thread_cache, size_t, size_t{256} << 10, "bytes",                                    \
      "how much free memory a thread's arrays may hold; up to eight times that while it keeps missing")        \
    X(number, DECAY_MS, decay_ms, size_t, 1000, "milliseconds",                                                \
      "free pages that nobody used for so long go back to the system")                                         \
    X(size, LIMIT, limit, size_t, 0, "bytes",                                                                  \
      "allocations fail with ENOMEM beyond this much memory in use; 0: no limit") \
    X(number, NODES, nodes, size_t, 0, "0..16",                                                                \
      "divide threads and slabs among so many nodes; 0: those of the machine")                                 \
    X(choice, NOMERGE, nomerge, on_off, on_off::off, "0|1",                                                     \
      "1: like caches of kmem_cache_create never share their slabs, and no name may come twice")               \
    X(choice, REALLOC_ZERO, realloc_zero_size, realloc_zero, realloc_zero::free, "free|alloc",                 \
      "realloc(p, 0): free p and return null as glibc does, or return a new object")                           \
    X(choice, DEEPBIND, deepbind_flag, deepbind, deepbind::clear, "clear|keep",                                \
      "dlopen with RTLD_DEEPBIND: clear the flag so that the plugin uses kslab too, or leave it")              \
    X(text, DEBUG, debug, option_text, option_text{}, "FZPUTAOGQL[,cache...]",                                 \
      "find heap bugs: 1, full, or letters and caches as for the kernel's slab_debug")                         \
    X(text, DEBUG_EXE, debug_exe, option_text, option_text{}, "name[,name*...]",                               \
      "debug only executables of these names")                                                                 \
    X(choice, ON_ERROR, error_action, on_error, on_error::go_on, "continue|abort",                             \
      "after a finding: repair and continue, or abort")                                                        \
    X(number, EXITCODE, exitcode, size_t, 0, "0..255", "exit status when anything but leaks was found; 0: the program's own") \
    X(number, LEAK_EXITCODE, leak_exitcode, size_t, 0, "0..255", "exit status when leaks were found; 0: the program's own") \
    X(text, LOG, log, option_text, option_text{}, "path", "reports go to this file; %p is the process id, %e the program") \
    X(choice, FORMAT, format, report_format, report_format::text, "text|json", "reports for people, or a JSON object a line") \
    X(number, REPORT_LIMIT, report_limit, size_t, 100, "number", "so many reports in full; more are counted")  \
    X(number, DEPTH, depth, size_t, 8, "1..64", "how many frames of the stacks of allocations and frees are kept")\
    X(size, QUARANTINE, quarantine, size_t, size_t{64} << 20, "bytes", "how much freed memory waits before reuse") \
    X(number, VALIDATE, validate_every, size_t, 0, "operations", "check the whole heap every so often; 0: never") \
    X(number, SIGNAL, report_signal, size_t, 0, "0..64", "on this signal check the heap and report leaks; 0: none") \
    X(choice, LEAKS, leaks, leak_listing, leak_listing::leaks, "leaks|possible|live",                          \
      "at exit list leaks, or possible ones too, or all live objects too")                                     \
    X(choice, GUARD, guard, guard_side, guard_side::aligned, "aligned|exact|start",                            \
      "objects end at their guard page, aligned or to the byte, or begin behind it")                           \
    X(number, GUARD_SITE, guard_site, size_t, 1000, "objects",                                                  \
      "guard the first objects of each allocating stack, then one in 64; 0: all")                              \
    X(size, GUARD_MEMORY, guard_memory, size_t, 0, "bytes", "bound of guarded memory; 0: a quarter of the machine's") \
    X(number, SAMPLE_GUARD, sample_guard, size_t, 0, "allocations", "guard one in about so many slow allocations; 0: none") \
    X(text, FAIL, fail, option_text, option_text{}, "key:value[,...]", "let allocations fail: see kslab(7)")    \
    X(text, SYMBOLIZER, symbolizer, option_text, option_text{}, "path|none", "the kslab command that finds function names and lines") \
    X(choice, STATS, stats, on_off, on_off::off, "0|1", "1: slabinfo has statistics, with exact counts of hits, and every call is slow")  \
    X(text, SLABINFO, slabinfo, option_text, option_text{}, "path|-", "at exit write slabinfo there; -: standard error; %p and %e as in LOG") \
    X(number, SLABINFO_SIGNAL, slabinfo_signal, size_t, 0, "0..64", "on this signal obey path.tune and write slabinfo; 0: none") \
    X(choice, GROUPS, groups, group_choice, group_choice::threads, "threads|modules",                          \
      "modules: count memory for each shared object that calls, slowly, and list it at exit")      \
    X(choice, VERBOSE, verbose, on_off, on_off::off, "0|1", "1: say at the start whether kslab is active, and with what")  \
    X(choice, HELP, help, on_off, on_off::off, "0|1", "1: print this table")

struct options {
#define KSLAB_OPTION_FIELD(kind, name, field, type, initial, domain, help) type field = initial;
    KSLAB_OPTIONS(KSLAB_OPTION_FIELD)
#undef KSLAB_OPTION_FIELD
};

// Reads NAME=VALUE strings; reports every KSLAB_ name that is unknown, with the nearest right one, and every
// value that does not fit, in one line each, and keeps the default then. False: there is no KSLAB_ name.
bool options_read(options& into, char* const* environment);

// A line for each option that was set and does nothing without another one.
void options_say_idle(const options& read);
// For KSLAB_VERBOSE: "; with" what else was set to another value than its default, or nothing.
void options_put_changed(class text& out, const options& read);

// The table, for KSLAB_HELP=1.
void options_print_help();

}  // namespace kslab
