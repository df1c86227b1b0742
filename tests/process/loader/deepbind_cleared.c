// RTLD_DEEPBIND is dropped, so that both directions work: also the plugin may free what the program
// allocated, as extensions of PHP do.
// link: -ldl
#include "check.h"
#include <dlfcn.h>

int main(void)
{
    void *plugin = dlopen(getenv("TEST_SO"), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    CHECK_SAY(plugin, "%s", dlerror());
    void *(*plugin_malloc)(size_t) = (void *(*)(size_t))dlsym(plugin, "plugin_malloc");
    void (*plugin_free)(void *) = (void (*)(void *))dlsym(plugin, "plugin_free");
    CHECK(plugin_malloc && plugin_free);
    for (size_t size = 1; size < 3000000; size = size * 3 + 1) {
        plugin_free(malloc(size));
        free(plugin_malloc(size));
        plugin_free(strdup("text"));
    }
    if (kslab_owns) {
        void *p = plugin_malloc(10);
        CHECK(kslab_owns(p));
        free(p);
    }
    // The loader still sees the program as the caller: names without a slash are searched for in
    // the usual places, and errors are reported as before.
    CHECK(dlopen("libm.so.6", RTLD_NOW) != NULL);
    CHECK(dlopen("no-such-library.so", RTLD_NOW) == NULL && dlerror() != NULL);
    CHECK(dlopen(NULL, RTLD_NOW) != NULL);
    return 0;
}
