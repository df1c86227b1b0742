#!/bin/bash
# kslab fail: each allocation fails once; those that the program does not survive are told, with their stacks.
set -u
tool=$(dirname "$TEST_LIB")/kslab
[ -x "$tool" ] || { echo "no kslab command"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }
cd "$TEST_TMP" || exit 1
cat > demo.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static char* careless(size_t n) {
    char* volatile p = malloc(n); /* line 5 */
    p[0] = 1;
    return p;
}
int main(int argc, char** argv) {
    char* a = malloc(100);
    if (!a) return 3;
    char* b = argc > 1 ? careless(200) : malloc(200);
    char* c = malloc(300);
    if (!c && argc > 1) free(b);
    char* d = malloc(400);
    if (!d && argc > 2) for (;;) pause();
    free(a); free(b); free(c); free(d);
    return 0;
}
END
"$TEST_CC" -g -O0 demo.c -o demo || fail "compiler"
"$tool" fail ./demo >out 2>err
[ $? = 0 ] && [ "$(cat out)" = '4 allocations failed, one a run; the program did not survive 0' ] || fail "$(cat out err)"
"$tool" fail ./demo x >out 2>err
[ $? = 1 ] || fail "status: $(cat out err)"
grep -q '^allocation 2, malloc(200), failed, and the program died of SIGSEGV:' out || fail "$(cat out)"
grep -q '^allocation 3, malloc(300), failed, and the program went on with a heap bug: Object already free:' out ||
    fail "$(cat out)"
[ "$(tail -1 out)" = '4 allocations failed, one a run; the program did not survive 2, at 2 places' ] || fail "$(cat out)"
if ! "$tool" symbolize </dev/null 2>&1 | grep -q libdw; then
    grep -A1 'allocation 2' out | grep -q '#0 careless  *demo.c:5 ' || fail "no stack: $(cat out)"
fi
"$tool" fail --first 4 --timeout 1 ./demo x y >out 2>err
grep -q '^allocation 4, malloc(400), failed, and the program hung:' out || fail "--timeout: $(cat out)"
"$tool" fail --first 3 --last 3 --json ./demo x >out 2>err
[ "$(tail -1 out)" = '{"summary":{"failures":1,"not_survived":1,"places":1}}' ] || fail "--json: $(cat out)"
"$tool" fail --only size:150-250 ./demo x >out 2>err
grep -q '^allocation 1, malloc(200)' out && [ "$(tail -1 out | cut -c1-2)" = '1 ' ] || fail "--only: $(cat out)"
# What the caller debugs with is what finds bugs on the way out.
cat > path.c <<'END'
#include <stdlib.h>
int main(void) {
    char* a = malloc(100);
    if (!a) return 3;
    char* b = malloc(200);
    if (!b) ((char* volatile)a)[100] = 0;
    free(b); free(a);
    return 0;
}
END
"$TEST_CC" -g -O0 path.c -o path || fail "compiler"
"$tool" fail ./path >out 2>err || fail "without redzones: $(cat out err)"
for switches in FZPUQ FZ 1; do
    KSLAB_DEBUG=$switches "$tool" fail ./path >out 2>err
    [ $? = 1 ] && grep -q '^allocation 2, malloc(200), failed, and the program went on with a heap bug: Right Redzone overwritten:' out ||
        fail "KSLAB_DEBUG=$switches: $(cat out err)"
    grep -A1 'allocation 2' out | grep -q '#0' || fail "KSLAB_DEBUG=$switches: no stack: $(cat out)"
done
KSLAB_DEBUG=0 "$tool" fail ./demo x >out 2>err
[ "$(tail -1 out)" = '4 allocations failed, one a run; the program did not survive 2, at 2 places' ] || fail "KSLAB_DEBUG=0: $(cat out)"
KSLAB_DEBUG=1 "$tool" fail ./path >out 2>err
[ "$(tail -1 out)" = '2 allocations failed, one a run; the program did not survive 1, at 1 place' ] || fail "$(cat out)"
wrong() {
    local want=$1 status
    shift
    "$tool" fail "$@" >out 2>err
    status=$?
    [ $status = 2 ] && [ ! -s out ] && [ "$(cat err)" = "kslab: fail: $want" ] || fail "$*: $status $(cat out err)"
}
wrong 'fewer than 50 allocations qualify' --first 50 ./demo
wrong '--first 5 is behind --last 3' --first 5 --last 3 ./demo
wrong 'no allocation qualifies for --only size:77777' --only size:77777 ./demo
wrong "--only size:9-1: the smaller size comes first (character 6, '9')" --only size:9-1 ./demo
wrong '--only: size, cache or caller is expected, not sise' --only sise:9 ./demo
# Whether and when one fails is for the command to say: it would never end.
wrong '--only: size, cache or caller is expected, not nth' --only size:4-900,nth:3 ./demo
[ "$(echo text | "$tool" fail --last 1 --show cat | head -1)" != '' ] || fail "--show"
