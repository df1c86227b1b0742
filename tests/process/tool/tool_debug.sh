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
"$tool" debug -o ON_ERROR=abort ./demo o 2>err
[ $? = 134 ] || fail "-o"
[ "$(echo text | "$tool" debug cat)" = text ] || fail "standard input and output"
"$tool" debug --depth 1 -o KSLAB_SYMBOLIZER=none ./demo o 2>err
[ "$(sed -n '/^allocated/,/^[^a ]/p' err | grep -c '^    #[0-9] ?? (/')" = 1 ] || fail "--depth, or symbolizer none: $(cat err)"

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
wrong '--depth wants a number from 1 to 64, not 65' debug --depth 65 ./demo
wrong 'debug: -o wants KSLAB_NAME=VALUE, not x' debug -o x ./demo
wrong 'debug: which program? (try kslab debug --help)' debug --full
wrong 'unknown command debgu (run, debug, fail, symbolize; try --help)' debgu ./demo
for command in debug run fail symbolize; do
    "$tool" $command --help >out 2>err && grep -q "^usage: kslab $command" out && [ ! -s err ] || fail "$command --help"
done
"$tool" --version | grep -Eq '^kslab [0-9]+\.' || fail "--version"
"$tool" --help | grep -q '^usage: kslab' || fail "--help"
