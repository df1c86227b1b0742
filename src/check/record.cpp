#include "check/record.h"

namespace kslab {

namespace {

struct call_row {
    const char* name;
    call_family family;
    bool aligned;
};

// In the order of call_kind.
constexpr call_row kCalls[] = {
    {"?", call_family::none, false},
    {"malloc", call_family::c, false},
    {"calloc", call_family::c, false},
    {"realloc", call_family::c, false},
    {"memalign", call_family::c, false},
    {"aligned_alloc", call_family::c, false},
    {"posix_memalign", call_family::c, false},
    {"valloc", call_family::c, false},
    {"pvalloc", call_family::c, false},
    {"operator new", call_family::cxx_object, false},
    {"operator new[]", call_family::cxx_array, false},
    {"operator new(align)", call_family::cxx_object, true},
    {"operator new[](align)", call_family::cxx_array, true},
    {"kmalloc", call_family::kmalloc, false},
    {"krealloc", call_family::kmalloc, false},
    {"kmem_cache_alloc", call_family::cache, false},
    {"free", call_family::c, false},
    {"free_sized", call_family::c, false},
    {"free_aligned_sized", call_family::c, false},
    {"operator delete", call_family::cxx_object, false},
    {"operator delete[]", call_family::cxx_array, false},
    {"operator delete(align)", call_family::cxx_object, true},
    {"operator delete[](align)", call_family::cxx_array, true},
    {"kfree", call_family::kmalloc, false},
    {"kmem_cache_free", call_family::cache, false},
    {"malloc_usable_size", call_family::none, false},
    {"ksize", call_family::none, false},
};
static_assert(sizeof kCalls / sizeof kCalls[0] == static_cast<size_t>(call_kind::ksize) + 1,
              "a row for each call_kind");

const call_row& row(call_kind kind) { return kCalls[static_cast<unsigned>(kind)]; }

}  // namespace

const char* call_name(call_kind kind) { return row(kind).name; }
call_family family_of(call_kind kind) { return row(kind).family; }
bool is_aligned_call(call_kind kind) { return row(kind).aligned; }

}  // namespace kslab
