// The one table of size classes: the kernel's kmalloc sizes, and what the profiles add between them.
//
// Three profiles (KSLAB_CLASSES), chosen once at boot; only the table changes, not code:
//   kmalloc  8 16 32 64 96 128 192 256 512 … 8192, as in the kernel
//   odd      adds 48 80 112, above 256 the quarter steps 320 384 448 512 640 … 8192, and above 1024 powers of two with a
//            header, as records and pages of a database have: 1088 2176 4608
//   fine     adds 160 224 as well
// Beyond 8192 the last two go on to 262144 by whole pages, in steps of a quarter of a doubling: 12288 16384 20480 … 262144.
// With the kernel's slab geometry all profiles go on to 131072, by powers of two.
#pragma once
#include "config/options.h"

namespace kslab {

inline constexpr size_t kSmallestClass = 8;       // kmalloc and kmem_cache users; malloc starts at 16
inline constexpr size_t kMallocMinimum = 16;      // the ABI's alignment of every malloc result
inline constexpr size_t kFastMaximum = 8192;      // malloc's table ends here; classes above are of whole pages
inline constexpr size_t kLargestClass = 131072;   // the kernel's largest
inline constexpr size_t kLargestWholePages = 262144;
inline constexpr unsigned kMaxClasses = 54;

struct size_class_table {
    unsigned count;
    unsigned whole_pages_from;   // index of the first class whose slabs are one object; count: there is none
    uint32_t size[kMaxClasses];  // ascending; size[0] is 8
};

// Those of whole pages go to `largest`; the kernel's are the kernel's.
size_class_table make_size_classes(size_profile profile, slab_geometry geometry, size_t largest = kLargestWholePages);

// The kernel's limits for an array of objects of this size (enable_cpucache, Linux 2.6.17).
constexpr unsigned array_limit(size_t object_size) {
    if (object_size > 131072) return 1;
    if (object_size > kPageSize) return 8;
    if (object_size > 1024) return 24;
    if (object_size > 256) return 54;
    return 120;
}
// For malloc's classes: nearly twice as many small objects. A thread that works on more of them than its array holds goes to what
// all threads share for every batch. More would make a thread's arrays larger than 32 KiB (thread_cache.h).
constexpr unsigned class_array_limit(size_t object_size) {
    if (object_size > 1024) return array_limit(object_size);
    return object_size > 256 ? 108 : 208;
}
constexpr unsigned array_batchcount(unsigned limit) { return (limit + 1) / 2; }

// How many batches the shared array holds: hand-over between threads pays up to a page.
constexpr unsigned shared_factor(size_t object_size) { return object_size <= kPageSize ? 8 : 0; }
// Of whole pages, whatever their size; a thread's room is the bound.
inline constexpr unsigned kWholePagesLimit = 16;
// Without a shared array each object that passes between threads would make a slab and end one.
inline constexpr unsigned kWholePagesShared = 2;
// And at most so much of a class waits in free slabs, however many CPUs there are.
inline constexpr size_t kWholePagesFree = size_t{1} << 20;
// The same in a process of one thread.
inline constexpr size_t kWholePagesFreeAlone = size_t{64} << 10;

// kmalloc_index() of the kernel's header: 1 is 96, 2 is 192, n is 2^n. 0 for a size of 0.
unsigned kernel_kmalloc_index(size_t size);

}  // namespace kslab
