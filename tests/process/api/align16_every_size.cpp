// Every size from every function is aligned to 16, the smallest included: the ABI promises it, and
// compilers store with aligned vector moves.
// forms: preload static
#include "check.h"
#include <new>

static void aligned(void *p, const char *call, size_t size)
{
    CHECK_SAY(p && reinterpret_cast<uintptr_t>(p) % 16 == 0, "%s(%zu) gave %p", call, size, p);
}

int main()
{
    void *growing = nullptr;
    for (size_t size = 0; size <= 70000; size++) {
        // Two of each, so that a stride that is no multiple of 16 shows.
        void *p[8] = {malloc(size),          malloc(size),          calloc(1, size),
                      calloc(size, 1),       realloc(nullptr, size), ::operator new(size),
                      ::operator new[](size), ::operator new(size, std::nothrow)};
        const char *names[8] = {"malloc", "malloc", "calloc", "calloc", "realloc", "new", "new[]", "new"};
        for (int i = 0; i < 8; i++)
            aligned(p[i], names[i], size);
        for (int i = 0; i < 5; i++)
            free(p[i]);
        ::operator delete(p[5]);
        ::operator delete[](p[6]);
        ::operator delete(p[7], std::nothrow);
        growing = realloc(growing, size + 1);
        aligned(growing, "growing realloc", size);
    }
    free(growing);
}
