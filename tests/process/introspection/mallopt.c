// mallopt takes what programs written for libc give it, unknown parameters included, and the heap
// works on.
#include "check.h"

int main(void)
{
    CHECK(mallopt(M_MMAP_THRESHOLD, 1 << 20) == 1);
    CHECK(mallopt(M_TRIM_THRESHOLD, 128 << 10) == 1);
    CHECK(mallopt(M_TOP_PAD, 64 << 10) == 1);
    CHECK(mallopt(M_ARENA_MAX, 2) == 1);
    CHECK(mallopt(M_ARENA_TEST, 2) == 1);
    CHECK(mallopt(M_MMAP_MAX, 0) == 1);
    CHECK(mallopt(M_CHECK_ACTION, 3) == 1);
    CHECK(mallopt(-4711, 1) == 1);
    for (size_t size = 1; size < 10000000; size *= 3) {
        void *p = malloc(size);
        CHECK(p);
        memset(p, 1, size);
        free(p);
    }
    return 0;
}
