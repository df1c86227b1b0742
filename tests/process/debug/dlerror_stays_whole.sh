#!/bin/bash
# A constructor leaves an error of dlsym behind, and the program's first call of malloc is dlerror's, or dlsym's. Where the library
# looks for libunwind just then, it calls both in the middle of them, and libc uses what it has freed.
set -u
fail() { echo "FAILED: $*" >&2; exit 1; }
cd "$TEST_TMP" || exit 1
cat >probe.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
__attribute__((constructor)) static void probe(void) { dlsym(RTLD_NEXT, "optional_function"); }
int probed;
END
cat >main.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>
extern int probed;
int main(int argc, char** argv) {
    (void)argv;
    probed++;
    if (argc == 1) return dlsym(RTLD_DEFAULT, "puts") == 0;
    const char* error = dlerror();
    if (error) write(1, error, strlen(error));
    return 0;
}
END
"$TEST_CC" -shared -fPIC probe.c -o libprobe.so && "$TEST_CC" main.c -o main ./libprobe.so -ldl || fail "compiler"
for switches in 1 full FU; do
    KSLAB_DEBUG=$switches LD_PRELOAD=$TEST_LIB ./main 2>err || fail "$switches: dlsym: status $?"
    [ ! -s err ] || fail "$switches: dlsym: $(cat err)"
    KSLAB_DEBUG=$switches LD_PRELOAD=$TEST_LIB ./main x >out 2>err || fail "$switches: dlerror: status $?"
    [ ! -s err ] && [ "$(cat out)" = './libprobe.so: undefined symbol: optional_function' ] || fail "$switches: dlerror: $(cat out err)"
done
