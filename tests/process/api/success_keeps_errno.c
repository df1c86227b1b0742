// A call that succeeds leaves errno alone, the very first of the process included: programs set
// errno to 0, call something that allocates, and look at it afterwards.
// forms: preload static
#include "check.h"

static void unchanged(const char *call, size_t size)
{
    CHECK_SAY(errno == 4711, "%s(%zu) left errno %d", call, size, errno);
}

int main(void)
{
    errno = 4711;
    for (size_t size = 0; size <= (64u << 20); size = size * 2 + 1) {
        void *p = malloc(size);
        unchanged("malloc", size);
        void *q = calloc(1, size);
        unchanged("calloc", size);
        p = realloc(p, size * 3 + 1);
        unchanged("realloc", size);
        void *r = memalign(4096, size);
        unchanged("memalign", size);
        void *s = NULL;
        CHECK(posix_memalign(&s, 64, size) == 0);
        unchanged("posix_memalign", size);
        CHECK(p && q && r && s);
        malloc_usable_size(p);
        unchanged("malloc_usable_size", size);
        free(p), free(q), free(r), free(s);
    }
    malloc_trim(0);
    unchanged("malloc_trim", 0);
    return 0;
}
