// operator new and delete for the shared library, which knows neither exceptions nor libstdc++. When memory is
// short, the program's own C++ library is asked: its version of the same operator runs the new_handler and
// throws std::bad_alloc through these frames.
#include <errno.h>
#include <stdint.h>

#include "base/check.h"
#include "base/host.h"
#include "check/debug_table.h"
#include "debug/object/library_new.h"
#include "malloc/malloc.h"
#include "loaded_library.h"
#include "os/executable.h"

namespace {

[[noreturn]] KSLAB_NOINLINE void no_library(size_t size) {
    kslab::report_line()->put("operator new(").dec(size).put(
        "): out of memory, and no C++ library is loaded that could throw std::bad_alloc");
    kslab::host_abort();
}

// Null when no C++ library is loaded. The usual one, loaded with the program, is found without allocating.
template <typename F>
KSLAB_NOINLINE F* library_operator(const char* name, kslab::call_kind kind) {
    void* found = kslab::next_definition(name);
    for (const char* library : {"libstdc++.so.6", "libc++.so.1"})
        if (found == nullptr) found = kslab::loaded_definition(library, name);
    if (found != nullptr && kslab::debug_flags != 0) kslab::library_new_note(kind, found);
    return reinterpret_cast<F*>(found);
}

// The library's aligned operators round the size up, and some let it wrap: sizes that cannot be go to the plain
// one, which fails in the same way.
bool absurd(size_t size, size_t align) { return size > PTRDIFF_MAX - align; }

}  // namespace

#define KSLAB_NAME extern "C" KSLAB_EXPORT __attribute__((used))

#define KSLAB_NEW(name, of_library, kind)                                                                 \
    KSLAB_NAME void* name(size_t size) {                                                \
        if (void* object = kslab::malloc_inline(size, kslab::call_kind::kind); KSLAB_LIKELY(object != nullptr)) \
            return object;                                                              \
        auto* next = library_operator<void*(size_t)>(#of_library, kslab::call_kind::kind);                            \
        if (next == nullptr) no_library(size);                                          \
        return next(size);                                                              \
    }

#define KSLAB_NEW_ALIGNED(name, of_library, plain, kind)                                                                 \
    KSLAB_NAME void* name(size_t size, size_t align) {                                          \
        if (void* object = kslab::memalign_any(align, size, kslab::call_kind::kind); KSLAB_LIKELY(object != nullptr))   \
            return object;                                                                      \
        if (absurd(size, align)) return plain(size);                                            \
        auto* next = library_operator<void*(size_t, size_t)>(#of_library, kslab::call_kind::kind);                            \
        if (next == nullptr) no_library(size);                                                  \
        return next(size, align);                                                               \
    }

#define KSLAB_NEW_NOTHROW(name, of_library, kind)                                                                 \
    KSLAB_NAME void* name(size_t size, const void* nothrow) {                                   \
        if (void* object = kslab::malloc_inline(size, kslab::call_kind::kind); KSLAB_LIKELY(object != nullptr))         \
            return object;                                                                      \
        auto* next = library_operator<void*(size_t, const void*)>(#of_library, kslab::call_kind::kind);                       \
        return next == nullptr ? nullptr : next(size, nothrow);                                 \
    }

#define KSLAB_NEW_ALIGNED_NOTHROW(name, of_library, plain, kind)                                                         \
    KSLAB_NAME void* name(size_t size, size_t align, const void* nothrow) {                     \
        if (void* object = kslab::memalign_any(align, size, kslab::call_kind::kind); KSLAB_LIKELY(object != nullptr))   \
            return object;                                                                      \
        if (absurd(size, align)) return plain(size, nothrow);                                   \
        auto* next = library_operator<void*(size_t, size_t, const void*)>(#of_library, kslab::call_kind::kind);               \
        return next == nullptr ? nullptr : next(size, align, nothrow);                          \
    }

// The library's array forms only call the others: those are called at once, so that their malloc has one caller.
KSLAB_NEW(_Znwm, _Znwm, new_object)
KSLAB_NEW(_Znam, _Znwm, new_array)
KSLAB_NEW_NOTHROW(_ZnwmRKSt9nothrow_t, _ZnwmRKSt9nothrow_t, new_object)
KSLAB_NEW_NOTHROW(_ZnamRKSt9nothrow_t, _ZnwmRKSt9nothrow_t, new_array)
KSLAB_NEW_ALIGNED(_ZnwmSt11align_val_t, _ZnwmSt11align_val_t, _Znwm, new_aligned)
KSLAB_NEW_ALIGNED(_ZnamSt11align_val_t, _ZnwmSt11align_val_t, _Znam, new_array_aligned)
KSLAB_NEW_ALIGNED_NOTHROW(_ZnwmSt11align_val_tRKSt9nothrow_t, _ZnwmSt11align_val_tRKSt9nothrow_t, _ZnwmRKSt9nothrow_t,
                          new_aligned)
KSLAB_NEW_ALIGNED_NOTHROW(_ZnamSt11align_val_tRKSt9nothrow_t, _ZnwmSt11align_val_tRKSt9nothrow_t, _ZnamRKSt9nothrow_t,
                          new_array_aligned)

// Sizes and alignments are not trusted: a wrong one must not corrupt anything. Debugging compares them.
#define KSLAB_DELETE(name, kind, parameters, ...) \
    KSLAB_NAME void name parameters { kslab::free_inline(p, kslab::call_kind::kind __VA_OPT__(,) __VA_ARGS__); }

KSLAB_DELETE(_ZdlPv, delete_object, (void* p))
KSLAB_DELETE(_ZdaPv, delete_array, (void* p))
KSLAB_DELETE(_ZdlPvm, delete_object, (void* p, size_t size), size)
KSLAB_DELETE(_ZdaPvm, delete_array, (void* p, size_t size), size)
KSLAB_DELETE(_ZdlPvRKSt9nothrow_t, delete_object, (void* p, const void*))
KSLAB_DELETE(_ZdaPvRKSt9nothrow_t, delete_array, (void* p, const void*))
KSLAB_DELETE(_ZdlPvSt11align_val_t, delete_aligned, (void* p, size_t align), kslab::kNotSaid, align)
KSLAB_DELETE(_ZdaPvSt11align_val_t, delete_array_aligned, (void* p, size_t align), kslab::kNotSaid, align)
KSLAB_DELETE(_ZdlPvmSt11align_val_t, delete_aligned, (void* p, size_t size, size_t align), size, align)
KSLAB_DELETE(_ZdaPvmSt11align_val_t, delete_array_aligned, (void* p, size_t size, size_t align), size, align)
KSLAB_DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, delete_aligned, (void* p, size_t align, const void*),
             kslab::kNotSaid, align)
KSLAB_DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, delete_array_aligned, (void* p, size_t align, const void*),
             kslab::kNotSaid, align)
