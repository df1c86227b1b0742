// When asked, and to who asks for debugging, the library says that it stood down and why.
// env: KSLAB_VERBOSE=1
// variant: KSLAB_VERBOSE=0 KSLAB_DEBUG=1
// expect-stderr: ^kslab: not active: executable defines malloc$
#include "check.h"

static char pool[8 << 20] __attribute__((aligned(16)));
static size_t used;

void *malloc(size_t size)
{
    size_t at = __atomic_fetch_add(&used, (size + 31) & ~(size_t)15, __ATOMIC_RELAXED);
    return at + size + 32 > sizeof pool ? NULL : pool + at;
}

void free(void *p) { (void)p; }
void *calloc(size_t n, size_t size) { return malloc(n * size); }
void *realloc(void *p, size_t size) { return p ? NULL : malloc(size); }

int main(void)
{
    free(malloc(10));
    return 0;
}
