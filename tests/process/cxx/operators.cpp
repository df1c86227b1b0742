// All 8 operators new and 12 operators delete, each pair that the language allows, for small and
// big sizes. They are called by name, since a new-expression may be optimised away.
// forms: preload linked static static-pie
// variant: KSLAB_CLASSES=kmalloc
// variant: KSLAB_CLASSES=fine
// variant: KSLAB_GEOMETRY=kernel
// timeout: 60
#include "check.h"
#include <new>

using std::align_val_t;
using std::nothrow;

static void *make(int kind, size_t size, align_val_t alignment)
{
    switch (kind) {
    case 0: return ::operator new(size);
    case 1: return ::operator new[](size);
    case 2: return ::operator new(size, nothrow);
    case 3: return ::operator new[](size, nothrow);
    case 4: return ::operator new(size, alignment);
    case 5: return ::operator new[](size, alignment);
    case 6: return ::operator new(size, alignment, nothrow);
    default: return ::operator new[](size, alignment, nothrow);
    }
}

// Three ways to delete what `kind` made: plain, sized, nothrow. (No ?: here: clang 14 calls both of
// two operators delete that stand in one.)
static void destroy_object(int way, void *p, size_t size)
{
    switch (way) {
    case 0: ::operator delete(p); break;
    case 1: ::operator delete(p, size); break;
    case 2: ::operator delete(p, nothrow); break;
    }
}

static void destroy_array(int way, void *p, size_t size)
{
    switch (way) {
    case 0: ::operator delete[](p); break;
    case 1: ::operator delete[](p, size); break;
    case 2: ::operator delete[](p, nothrow); break;
    }
}

static void destroy_aligned_object(int way, void *p, size_t size, align_val_t alignment)
{
    switch (way) {
    case 0: ::operator delete(p, alignment); break;
    case 1: ::operator delete(p, size, alignment); break;
    case 2: ::operator delete(p, alignment, nothrow); break;
    }
}

static void destroy_aligned_array(int way, void *p, size_t size, align_val_t alignment)
{
    switch (way) {
    case 0: ::operator delete[](p, alignment); break;
    case 1: ::operator delete[](p, size, alignment); break;
    case 2: ::operator delete[](p, alignment, nothrow); break;
    }
}

static void destroy(int kind, int way, void *p, size_t size, align_val_t alignment)
{
    if (kind >= 4 && kind % 2)
        destroy_aligned_array(way, p, size, alignment);
    else if (kind >= 4)
        destroy_aligned_object(way, p, size, alignment);
    else if (kind % 2)
        destroy_array(way, p, size);
    else
        destroy_object(way, p, size);
}

int main()
{
    for (size_t alignment = 16; alignment <= 65536; alignment *= 4)
        for (size_t size = 0; size < 400000; size = size * 3 + 1)
            for (int kind = 0; kind < 8; kind++)
                for (int way = 0; way < 3; way++) {
                    auto align = static_cast<align_val_t>(alignment);
                    void *p = make(kind, size, align), *q = make(kind, size, align);
                    CHECK(p && q && p != q); // also for size 0
                    size_t wanted = kind < 4 ? 16 : alignment;
                    CHECK(reinterpret_cast<uintptr_t>(p) % wanted == 0);
                    CHECK(reinterpret_cast<uintptr_t>(q) % wanted == 0);
                    CHECK(malloc_usable_size(p) >= size);
                    if (kslab_owns)
                        CHECK(kslab_owns(p));
                    memset(p, 1, size);
                    destroy(kind, way, p, size, align);
                    destroy(kind, way, q, size, align);
                }
    for (int way = 0; way < 3; way++)
        for (int kind = 0; kind < 8; kind++)
            destroy(kind, way, nullptr, 100, align_val_t{64});
    validate_heap();
}
