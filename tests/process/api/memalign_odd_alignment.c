// memalign and aligned_alloc round an alignment that is no power of two up, as glibc up to 2.37
// does (aligned_alloc refuses it since 2.38; both answers are legal there), and size need not be a
// multiple of the alignment.
#include "check.h"

int main(void)
{
    size_t odd[] = {0, 1, 3, 5, 7, 9, 12, 17, 24, 33, 48, 65, 100, 1000, 3000, 5000};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        size_t power = 1;
        while (power < odd[i])
            power *= 2;
        for (int round = 0; round < 20; round++) {
            void *p = memalign(hide_size(odd[i]), 13);
            CHECK_SAY(p && (uintptr_t)p % power == 0 && (uintptr_t)p % 16 == 0,
                      "memalign(%zu) gave %p", odd[i], p);
            memset(p, 1, 13);
            errno = 0;
            void *q = aligned_alloc(hide_size(odd[i]), 13);
            if (q)
                CHECK((uintptr_t)q % power == 0);
            else
                CHECK(errno == EINVAL);
            free(p);
            free(q);
        }
    }
    return 0;
}
