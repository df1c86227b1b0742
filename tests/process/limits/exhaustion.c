// With 64 MB of address space left malloc fails with ENOMEM, again and again; once things are freed
// it delivers as much as before, of any other size too.
// forms: preload static
// timeout: 60
// label: full
#include "check.h"
#include <sys/resource.h>

// Allocates until it fails; returns the bytes and frees all of it.
static size_t fill(size_t size)
{
    void *list = NULL;
    size_t total = 0;
    for (;;) {
        errno = 0;
        void **p = malloc(size);
        if (!p)
            break;
        memset(p, 0xcd, size);
        *p = list;
        list = p;
        total += size;
    }
    CHECK_SAY(errno == ENOMEM, "errno %d", errno);
    for (int i = 0; i < 1000; i++) {
        errno = 0;
        void *p = malloc(size + (size_t)i * 100);
        CHECK(p || errno == ENOMEM);
        free(p);
    }
    errno = 0;
    CHECK(!malloc(100 << 20) && errno == ENOMEM);
    errno = 0;
    CHECK(!realloc(list, 100 << 20) && errno == ENOMEM);
    while (list) {
        void *next = *(void **)list;
        free(list);
        list = next;
    }
    return total;
}

int main(void)
{
    struct rlimit limit = {vsz_kib() * 1024 + (64 << 20), RLIM_INFINITY};
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    static const size_t sizes[] = {16, 64, 200, 1000, 4000, 5000, 10000, 70000, 1 << 20, 5 << 20};
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            size_t total = fill(sizes[i]);
            // Small objects of 16 bytes may cost half as much again; nothing may be lost for good.
            CHECK_SAY(total > 40u << 20, "round %d: only %zu KiB in objects of %zu", round, total / 1024, sizes[i]);
        }
    validate_heap();
    return 0;
}
