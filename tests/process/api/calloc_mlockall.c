// Under mlockall(MCL_FUTURE) MADV_DONTNEED fails with EINVAL, so purged memory is not zero: calloc
// must not believe it is. And locking must not make reservations resident.
// forms: preload static
#include "check.h"
#include <sys/mman.h>

int main(void)
{
    if (mlockall(MCL_CURRENT | MCL_FUTURE))
        skip("mlockall is not permitted");
    free(malloc(100));
    size_t base = rss_kib();
    CHECK_SAY(base < 24 * 1024, "%zu KiB are resident at the start", base);
    for (int round = 0; round < 6; round++)
        for (size_t size = 64; size <= 4 << 20; size *= 4) {
            void *dirty[40], *clean[40];
            int count = size > 100000 ? 4 : 40;
            for (int i = 0; i < count; i++) {
                CHECK((dirty[i] = malloc(size)));
                memset(dirty[i], 0xff, size);
            }
            for (int i = 0; i < count; i++)
                free(dirty[i]);
            if (round % 2)
                malloc_trim(0);
            for (int i = 0; i < count; i++) {
                clean[i] = calloc(1, size);
                CHECK_SAY(clean[i] && all_bytes_are(clean[i], 0, size), "%zu bytes are not zero", size);
            }
            for (int i = 0; i < count; i++)
                free(clean[i]);
        }
    return 0;
}
