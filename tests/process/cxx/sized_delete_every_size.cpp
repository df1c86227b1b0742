// Deleting with the right size is never an error, whatever the size; nor is free_sized. Allocators
// whose check of the size disagrees with their own rounding report such deletes.
// forms: preload static
#include "check.h"
#include <new>

extern "C" void free_sized(void *, size_t) __attribute__((weak));
extern "C" void free_aligned_sized(void *, size_t, size_t) __attribute__((weak));

int main()
{
    for (size_t size = 0; size < 70000; size += size < 9000 ? 1 : 37) {
        ::operator delete(::operator new(size), size);
        ::operator delete[](::operator new[](size), size);
        for (size_t alignment = 16; alignment <= 4096; alignment *= 4) {
            auto align = static_cast<std::align_val_t>(alignment);
            ::operator delete(::operator new(size, align), size, align);
            if (free_aligned_sized && free_sized)
                free_aligned_sized(aligned_alloc(alignment, size), alignment, size);
        }
        if (free_sized) {
            free_sized(malloc(size), size);
            free_sized(calloc(1, size), size);
            free_sized(realloc(malloc(1), size + 1), size + 1);
        }
    }
    if (free_sized)
        free_sized(nullptr, 100);
    if (free_aligned_sized)
        free_aligned_sized(nullptr, 64, 100);
    validate_heap();
}
