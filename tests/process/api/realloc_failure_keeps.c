// A realloc that fails leaves the old block valid and unchanged.
// forms: preload static
#include "check.h"
#include <sys/resource.h>

static void survives(size_t size, size_t impossible)
{
    unsigned char *p = malloc(size);
    CHECK(p);
    memset(p, 0x77, size);
    errno = 0;
    CHECK(realloc(p, hide_size(impossible)) == NULL && errno == ENOMEM);
    CHECK(malloc_usable_size(p) >= size);
    CHECK(all_bytes_are(p, 0x77, size));
    memset(p, 0x78, size);
    CHECK((p = realloc(p, size + 100)));
    CHECK(all_bytes_are(p, 0x78, size));
    free(p);
}

int main(void)
{
    for (size_t size = 1; size < 20000000; size = size * 6 + 1) {
        survives(size, (size_t)1 << 48);
        survives(size, SIZE_MAX);
    }
    // And where the refusal comes from the system.
    struct rlimit limit = {vsz_kib() * 1024 + (200 << 20), RLIM_INFINITY};
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    for (size_t size = 1; size < 20000000; size = size * 6 + 1)
        survives(size, 1 << 30);
    validate_heap();
    return 0;
}
