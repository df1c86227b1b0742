// A program that brings its own malloc: the library stands down, and leaves RTLD_DEEPBIND as well. The plugin allocates
// from libc.
// link: -ldl
#include "check.h"
#include <dlfcn.h>

static char pool[16 << 20] __attribute__((aligned(16)));
static size_t used;

static int from_pool(const void *p) { return (const char *)p >= pool && (const char *)p < pool + sizeof pool; }

void *malloc(size_t size)
{
    size_t at = __atomic_fetch_add(&used, (size + 31) & ~(size_t)15, __ATOMIC_RELAXED);
    return at + size > sizeof pool - 32 ? NULL : pool + at + 16;
}
void free(void *p) { (void)p; }
void *calloc(size_t n, size_t size) { return malloc(n * size); }
void *realloc(void *p, size_t size) { return p ? NULL : malloc(size); }

int main(void)
{
    if (kslab_is_active)
        CHECK(kslab_is_active() == 0);
    void *plugin = dlopen(getenv("TEST_SO"), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    CHECK_SAY(plugin, "%s", dlerror());
    void *(*plugin_malloc)(size_t) = (void *(*)(size_t))dlsym(plugin, "plugin_malloc");
    CHECK(plugin_malloc);
    void *p = plugin_malloc(100);
    CHECK(p);
    CHECK_SAY(!from_pool(p), "the flag was cleared");
    return 0;
}
