// new and malloc are one heap: what one makes the other may free. Not portable, but common, and
// harmless on libc.
// forms: preload static
#include "check.h"
#include <new>

int main()
{
    for (size_t size = 1; size < 500000; size = size * 2 + 1) {
        free(::operator new(size));
        free(::operator new[](size));
        free(::operator new(size, std::align_val_t{256}));
        ::operator delete(malloc(size));
        ::operator delete[](calloc(1, size));
        ::operator delete(hide(memalign(128, size)), std::align_val_t{128});
        ::operator delete(realloc(::operator new(size), size * 2));
    }
    validate_heap();
}
