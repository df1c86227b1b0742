#!/bin/bash
# kslab debug --both-ends: two runs, one report of each bug; input is there for both, output comes once.
set -u
tool=$(dirname "$TEST_LIB")/kslab
[ -x "$tool" ] || { echo "no kslab command"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }
cd "$TEST_TMP" || exit 1
export TMPDIR=$TEST_TMP  # scratch directories of other tests are not ours
cat > demo.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
volatile char sink;
int main(int argc, char** argv) {
    const char* what = argc > 1 ? argv[1] : "";
    char line[100];
    while (fgets(line, sizeof line, stdin)) fputs(line, stdout);
    fflush(stdout);
    char* volatile p = malloc(40);
    if (strchr(what, 'u')) sink = p[-3];
    if (strchr(what, 'o')) sink = p[42];
    if (strchr(what, 'w')) p[-1] = 0;
    if (strchr(what, 'd')) free(p);
    free(p);
    return 5;
}
END
"$TEST_CC" -g -O0 demo.c -o demo || fail "compiler"

# run OPTIONS PROGRAM...: what it found, in `found`
run() {
    printf 'one\ntwo\n' | "$tool" debug --both-ends "$@" >out 2>err
    status=$?
    found=$(sed -n 's/^BUG .*: //p' err)
    [ "$(head -1 err)" = "kslab: debug: --both-ends runs the program twice" ] || fail "$*: $(head -1 err)"
    [ "$(cat out)" = "$(printf 'one\ntwo')" ] || fail "$*: output $(cat out)"
}
run ./demo
[ $status = 5 ] && [ "$(wc -l <err)" = 1 ] || fail "a clean run: $status $(cat err)"
run ./demo u
[ "$found" = 'Out-of-bounds read before start' ] || fail "under-read: $(cat err)"
[ $status = 5 ] || fail "under-read: the first run's status, not $status"
run ./demo o
[ "$found" = 'Out-of-bounds read' ] && [ $status = 139 ] || fail "over-read: $status $(cat err)"
# Late in one run, at once in the other: one bug.
run ./demo w
[ "$(echo "$found" | wc -l)" = 1 ] && grep -q '^SUMMARY (demo, both ends): 1 finding' err || fail "under-write: $(cat err)"
run ./demo d
[ "$found" = 'Object already free' ] || fail "double free: $(cat err)"
run --exitcode 9 ./demo u
[ $status = 9 ] || fail "--exitcode with a bug of the second run: $status"
run --json ./demo u
[ "$(grep -c '^{"kind":"read-underflow"' err)" = 1 ] && [ "$(grep -c '^{"summary":' err)" = 1 ] || fail "--json: $(cat err)"
run --log reports ./demo u
[ "$(wc -l <err)" = 1 ] && grep -q '^BUG ' reports || fail "--log"
run --log heap.%e.%p ./demo u
set -- heap.demo.[0-9]*
[ $# = 1 ] && grep -q '^BUG ' "$1" && [ "$(wc -l <err)" = 1 ] || fail "--log with %: $(ls)"
KSLAB_LOG=by_environment run ./demo u
[ "$(wc -l <err)" = 1 ] && grep -q '^BUG ' by_environment || fail "KSLAB_LOG: $(cat err)"
run --log none ./demo
[ ! -e none ] || fail "a clean run makes a log"
run -o EXITCODE=8 ./demo u
[ $status = 8 ] || fail "-o EXITCODE: $status"
printf 'skipped\none\ntwo\n' >input
{ read -r _; "$tool" debug --both-ends ./demo u; } <input >out 2>err
grep -q 'read before start' err || fail "input from a file: $(cat err)"
# Stopped: the program is stopped, nothing is left, and there is no second run.
"$tool" debug --both-ends sleep 61.5 </dev/null 2>err &
stopped=$!
for _ in $(seq 100); do child=$(pgrep -P $stopped -x sleep) && break; sleep 0.1; done
kill -TERM $stopped
wait $stopped
[ $? = 143 ] || fail "SIGTERM: status $?"
[ -n "$child" ] && [ ! -e /proc/"$child" ] || fail "SIGTERM: the program runs on"
ls -d "$TMPDIR"/kslab-?????? 2>/dev/null | while read -r left; do
    [ -z "$(find "$left" -newer demo.c -prune)" ] || echo "$left"
done | grep . && fail "a scratch directory is left"
exit 0
