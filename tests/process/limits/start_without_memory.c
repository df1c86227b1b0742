// Where not even the first allocation can be served, malloc returns NULL with ENOMEM; it does not
// crash, and it works as soon as there is memory.
// forms: preload static
#include "check.h"
#include <sys/resource.h>

static void before_all(void)
{
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    struct rlimit nothing = {4096, limit.rlim_max};
    CHECK(setrlimit(RLIMIT_AS, &nothing) == 0);
    int refused = 0;
    void *got[3000] = {0};
    for (int i = 0; i < 3000 && !refused; i++) {
        errno = 0;
        got[i] = malloc(4000);
        if (!got[i])
            refused = errno;
    }
    CHECK_SAY(refused == ENOMEM, "errno %d", refused);
    errno = 0;
    CHECK(!calloc(1000, 1000) && errno == ENOMEM);
    errno = 0;
    CHECK(!realloc(NULL, 5000000) && errno == ENOMEM);
    void *p = &limit;
    CHECK(posix_memalign(&p, 65536, 5000000) == ENOMEM && p == &limit);
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    for (int i = 0; i < 3000; i++)
        free(got[i]);
}

__attribute__((section(".preinit_array"), used)) static void (*entry)(void) = before_all;

int main(void)
{
    for (size_t size = 1; size < 10000000; size *= 2) {
        void *p = malloc(size);
        CHECK(p);
        free(p);
    }
    validate_heap();
    return 0;
}
