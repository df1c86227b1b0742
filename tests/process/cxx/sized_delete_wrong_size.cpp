// A wrong size in a sized delete or free_sized does no harm: real programs do it (no virtual
// destructor, one-definition violations), and libc ignores the size.
// forms: preload static
// label: full
#include "check.h"
#include <new>

extern "C" void free_sized(void *, size_t) __attribute__((weak));
extern "C" void free_aligned_sized(void *, size_t, size_t) __attribute__((weak));

int main()
{
    static const size_t sizes[] = {1, 8, 16, 17, 24, 48, 64, 100, 128, 200, 256, 500, 1000, 4000,
                                   8192, 8193, 10000, 100000, 3000000};
    enum { KEPT = 50 };
    for (size_t right : sizes)
        for (size_t wrong : sizes) {
            unsigned char *p[KEPT];
            int count = right > 50000 ? 4 : KEPT;
            for (int i = 0; i < count; i++) {
                p[i] = static_cast<unsigned char *>(i % 2 ? malloc(right) : ::operator new(right));
                memset(p[i], i + 1, right);
            }
            // Every other one goes back with the wrong size; were it to reach the wrong class, an
            // allocation of that class would overlap what is still alive.
            for (int i = 0; i < count; i += 2)
                if (i % 4)
                    ::operator delete[](p[i], wrong);
                else
                    ::operator delete(p[i], wrong);
            void *others[KEPT];
            for (int i = 0; i < count; i++)
                memset(others[i] = malloc(wrong), 0xee, wrong);
            for (int i = 1; i < count; i += 2) {
                CHECK_SAY(all_bytes_are(p[i], i + 1, right), "%zu deleted as %zu", right, wrong);
                if (free_sized && i % 4 == 1)
                    free_sized(p[i], wrong);
                else if (free_aligned_sized)
                    free_aligned_sized(p[i], 16, wrong);
                else
                    free(p[i]);
            }
            for (int i = 0; i < count; i++)
                free(others[i]);
        }
    validate_heap();
}
