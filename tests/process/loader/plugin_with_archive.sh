#!/bin/bash
# A plugin with the API-only archive inside, loaded by dlopen into a program of its own malloc: the
# archive is position independent and its thread-local storage fits.
set -eu
[ -f "${TEST_API_LIB:-}" ] || { echo "no library"; exit 77; }
cat >"$TEST_TMP/plugin.c" <<'END'
#include <kslab/kmalloc.h>
#include <stddef.h>
void *plugin_allocate(size_t size) { return kmalloc(size, 0); }
void plugin_release(void *p) { kfree(p); }
END
cat >"$TEST_TMP/main.c" <<'END'
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv)
{
    void *plugin = dlopen(argv[argc - 1], RTLD_NOW);
    if (!plugin)
        return puts(dlerror()), 1;
    void *(*allocate)(size_t) = (void *(*)(size_t))dlsym(plugin, "plugin_allocate");
    void (*release)(void *) = (void (*)(void *))dlsym(plugin, "plugin_release");
    for (size_t size = 1; size < 1000000; size *= 2) {
        void *p = allocate(size);
        if (!p)
            return 2;
        memset(p, 1, size);
        release(p);
        free(malloc(size));
    }
    return 0;
}
END
$TEST_CC -O1 -fPIC -shared -I "$TEST_INCLUDE" "$TEST_TMP/plugin.c" "$TEST_API_LIB" -o "$TEST_TMP/plugin.so"
$TEST_CC -O1 "$TEST_TMP/main.c" -o "$TEST_TMP/main" -ldl
"$TEST_TMP/main" "$TEST_TMP/plugin.so"
# Nothing of libc's family may have come in with the archive.
! nm -D --defined-only "$TEST_TMP/plugin.so" | grep -Ew '(malloc|free|calloc|realloc)' >&2
