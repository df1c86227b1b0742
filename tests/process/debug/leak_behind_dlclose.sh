#!/bin/bash
# What a plugin allocated is reported with the plugin's functions, though it was closed long before.
set -u
tool=$(dirname "$TEST_LIB")/kslab
[ -x "$tool" ] || { echo "no kslab command"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }
cd "$TEST_TMP" || exit 1
cat > plugin.c <<'END'
#include <stdlib.h>
void* plugin_get(int n) { void* volatile p = malloc(n); return p; } /* line 2 */
END
cat > demo.c <<'END'
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char** argv) {
    for (int i = 1; i < argc; i++) {
        void* plugin = dlopen(argv[i], RTLD_NOW);
        if (!plugin) return 2;
        void* (*get)(int) = (void* (*)(int))dlsym(plugin, "plugin_get");
        void* volatile p = get(1000 * i);
        memset(p, 0, 8);
        p = 0;
        dlclose(plugin);
    }
    return 0;
}
END
"$TEST_CC" -g -O0 -shared -fPIC plugin.c -o one.so -Wl,--build-id && cp one.so two.so &&
    "$TEST_CC" -g -O0 demo.c -o demo -ldl || fail "compiler"

LD_PRELOAD=$TEST_LIB KSLAB_DEBUG=1 KSLAB_SYMBOLIZER=none ./demo ./one.so 2>err || fail "status $?"
build_id=$(readelf -n one.so | sed -n 's/.*Build ID: //p')
grep -q "#0 ?? ($PWD/one.so+0x[0-9a-f]*) \[build-id $build_id\]" err || fail "not named: $(cat err)"
# Another file at the same addresses is another module, as far as anything can tell them apart.
LD_PRELOAD=$TEST_LIB KSLAB_DEBUG=1 KSLAB_SYMBOLIZER=none ./demo ./one.so ./two.so 2>err || fail "status $?"
grep -q "#0 ?? ($PWD/[a-z]*.so+0x" err && ! grep -q '#0 ?? (0x' err || fail "two: $(cat err)"
if ! "$tool" symbolize </dev/null 2>&1 | grep -q libdw; then
    "$tool" debug ./demo ./one.so 2>err
    grep -q '#0 plugin_get  *plugin.c:2  *(one.so+0x' err || fail "no line: $(cat err)"
fi
exit 0
