// A plugin loaded with RTLD_DEEPBIND is bound to libc's malloc although we are preloaded. The
// program frees, measures and resizes what the plugin allocated: our free must recognise the
// pointer as libc's and pass it on.
// env: KSLAB_DEEPBIND=keep
// link: -ldl
#include "check.h"
#include <dlfcn.h>

int main(void)
{
    void *plugin = dlopen(getenv("TEST_SO"), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    CHECK_SAY(plugin, "%s", dlerror());
    void *(*plugin_malloc)(size_t) = (void *(*)(size_t))dlsym(plugin, "plugin_malloc");
    void (*plugin_free)(void *) = (void (*)(void *))dlsym(plugin, "plugin_free");
    char *(*plugin_text)(void) = (char *(*)(void))dlsym(plugin, "plugin_text");
    CHECK(plugin_malloc && plugin_free && plugin_text);
    for (int round = 0; round < 50; round++)
        for (size_t size = 1; size < 3000000; size = size * 3 + 1) {
            unsigned char *p = plugin_malloc(size);
            CHECK(p && malloc_usable_size(p) >= size);
            memset(p, 9, size);
            CHECK((p = realloc(p, size + 1000)));
            CHECK(all_bytes_are(p, 9, size));
            free(p);
            free(plugin_malloc(size));
            plugin_free(plugin_malloc(size));
            free(malloc(size));
        }
    free(plugin_text());
    if (kslab_owns) {
        void *p = plugin_malloc(10);
        CHECK_SAY(!kslab_owns(p), "RTLD_DEEPBIND had no effect: this test proves nothing");
        free(p);
    }
    validate_heap();
    return 0;
}
