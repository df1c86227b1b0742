#!/bin/bash
# kslab debug: one run with the options it stands for; input, output and exit status are the program's.
set -u
tool=$(dirname "$TEST_LIB")/kslab
[ -x "$tool" ] || { echo "no kslab command"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }
cd "$TEST_TMP" || exit 1
cat > demo.c <<'END'
#include <stdlib.h>
int main(int argc, char** argv) {
    char* volatile p = malloc(40); /* line 3 */
    if (argc > 1 && *argv[1] == 'o') p[40] = 0;
    if (argc > 1 && *argv[1] == 'd') free(p);
    free(p);
    return 5;
}
END
"$TEST_CC" -g -O0 demo.c -o demo || fail "compiler"

"$tool" debug ./demo >out 2>err
[ $? = 5 ] && [ ! -s out ] && [ ! -s err ] || fail "a clean run: $(cat out err)"
"$tool" debug ./demo o 2>err
[ $? = 5 ] || fail "status after an overflow"
[ "$(grep -c '^BUG ' err)" = 1 ] || fail "no report: $(cat err)"
if ! "$tool" symbolize </dev/null 2>&1 | grep -q libdw; then
    grep -q '#0 main  *demo.c:3  *(demo+0x' err || fail "no line of the allocation: $(cat err)"
fi
"$tool" debug --exitcode 9 -- ./demo d 2>err
[ $? = 9 ] || fail "--exitcode"
"$tool" debug --log reports.%e ./demo o 2>err
[ $? = 5 ] && [ ! -s err ] && grep -q '^BUG ' reports.demo || fail "--log"
"$tool" debug --json ./demo o 2>err
grep -q '^{"kind":"heap-overflow"' err || fail "--json: $(cat err)"
"$tool" debug --only other,another* ./demo o 2>err
[ $? = 5 ] && [ ! -s err ] || fail "--only another: $(cat err)"
"$tool" debug --only=de* ./demo o 2>err
grep -q '^BUG ' err || fail "--only this"
for only in ./demo /elsewhere/demo 'other, demo' ' demo ,x' './de*'; do
    "$tool" debug --only "$only" ./demo o 2>err
    grep -q '^BUG ' err || fail "--only '$only'"
done
"$tool" debug --only demo/x ./demo o 2>err
[ $? = 5 ] && [ ! -s err ] || fail "--only demo/x: $(cat err)"
KSLAB_QUARANTINE=abc "$tool" debug ./demo 2>err
[ $? = 5 ] && [ "$(grep -c 'KSLAB_QUARANTINE=abc is ignored' err)" = 1 ] || fail "a wrong value in the environment: $(cat err)"

# Whether debugging is on, for KSLAB_VERBOSE.
said() { env KSLAB_VERBOSE=1 "$@" LD_PRELOAD="$TEST_LIB" ./demo 2>&1 | sed 's/.*a thread, //'; }
[ "$(said)" = 'debugging off' ] || fail "verbose: $(said)"
[ "$(said KSLAB_DEBUG=1)" = 'debugging on, FZPUQL' ] || fail "verbose: $(said KSLAB_DEBUG=1)"
[ "$(said KSLAB_DEBUG=FZ,kmalloc-64)" = 'debugging on, FZ for caches as KSLAB_DEBUG names them' ] || fail "verbose, cache"
[ "$(said KSLAB_DEBUG=1 KSLAB_DEBUG_EXE=x)" = 'debugging off: KSLAB_DEBUG_EXE does not name this program' ] ||
    fail "verbose: $(said KSLAB_DEBUG=1 KSLAB_DEBUG_EXE=x)"
env KSLAB_DEBUG=FZ,kmalloc-65 LD_PRELOAD="$TEST_LIB" ./demo 2>err
[ "$(cat err)" = 'kslab: KSLAB_DEBUG: no size class is called kmalloc-65; objects of 65 bytes are in kmalloc-80' ] ||
    fail "a class that is none: $(cat err)"

"$tool" debug -o ON_ERROR=abort ./demo o 2>err
[ $? = 134 ] || fail "-o"
[ "$(echo text | "$tool" debug cat)" = text ] || fail "standard input and output"
"$tool" debug --depth 1 -o KSLAB_SYMBOLIZER=none ./demo o 2>err
[ "$(sed -n '/^allocated/,/^[^a ]/p' err | grep -c '^    #[0-9] ?? (/')" = 1 ] || fail "--depth, or symbolizer none: $(cat err)"

# Linked statically with kslab: it needs no preload. With libc's malloc, debugging it would find nothing.
if "$TEST_CC" -g -O0 -static demo.c "$TEST_STATIC_LIB" -o static 2>/dev/null; then
    for strip in true strip; do
        $strip static
        "$tool" debug --exitcode 9 ./static d 2>err
        [ $? = 9 ] && ! grep -q '^kslab: ' err || fail "linked with kslab ($strip): $(cat err)"
    done
fi
if "$TEST_CC" -static demo.c -o plain 2>/dev/null; then
    "$tool" debug ./plain 2>err
    grep -q 'linked statically.*kslab will not be used$' err || fail "linked statically: $(cat err)"
fi

# Mistakes: one line, exit status 2.
wrong() {
    local want=$1 status
    shift
    "$tool" "$@" >out 2>err
    status=$?
    [ $status = 2 ] && [ ! -s out ] && [ "$(cat err)" = "kslab: $want" ] || fail "$*: $status $(cat out err)"
}
wrong 'debug: unknown option --both-end; did you mean --both-ends?' debug --both-end ./demo
wrong 'debug: unknown option --frobnicate' debug --frobnicate ./demo
wrong 'debug: --log needs FILE' debug --log
wrong 'debug: --full takes no value' debug --full=1 ./demo
wrong "debug: --flags FZPUK: unknown letter; F Z P U T A O G Q L, or - for none, or 1, or full (character 5, 'K')" \
    debug --flags FZPUK --exitcode 9 ./demo
wrong 'debug: KSLAB_EXIT_CODE is no option; did you mean KSLAB_EXITCODE? KSLAB_HELP=1 prints all' \
    debug -o KSLAB_EXIT_CODE=9 ./demo
wrong 'debug: KSLAB_QUARANTINE=abc: expected bytes, with K, M, G or T behind the number if you like' \
    debug -o QUARANTINE=abc ./demo
wrong 'debug: KSLAB_DEBUG: no size class is called kmaloc-48; did you mean kmalloc-48?' \
    debug --flags FZPU,kmaloc-48 ./demo
wrong 'debug: KSLAB_DEBUG: no size class is called kmalloc-65; objects of 65 bytes are in kmalloc-80' \
    debug --flags FZ,kmalloc-65 --both-ends ./demo
wrong 'debug: KSLAB_FAIL nth:: a number is missing (character 5)' debug -o FAIL=nth: ./demo
wrong '--depth wants a number from 1 to 64, not 65' debug --depth 65 ./demo
wrong 'debug: -o wants KSLAB_NAME=VALUE, not x' debug -o x ./demo
wrong 'debug: which program? (try kslab debug --help)' debug --full
wrong 'unknown command debgu (run, debug, fail, symbolize, slabinfo, tune; try --help)' debgu ./demo
for command in debug run fail symbolize; do
    "$tool" $command -h >out && grep -q "^usage: kslab $command" out || fail "$command -h"
    "$tool" $command --help >out 2>err && grep -q "^usage: kslab $command" out && [ ! -s err ] || fail "$command --help"
done
"$tool" --version | grep -Eq '^kslab [0-9]+\.' || fail "--version"
"$tool" --help | grep -q '^usage: kslab' || fail "--help"
