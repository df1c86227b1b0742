#!/bin/bash
# KSLAB_SLABINFO: at exit the text is there, in a file as a whole, in what is no plain file as it is, or on standard error. A
# file that cannot be written costs a line and nothing else. Others' lines for tuning are not obeyed.
set -u
fail() { echo "FAILED: $*" >&2; exit 1; }
cd "$TEST_TMP" || exit 1
with() { local value=$1; shift; KSLAB_SLABINFO=$value LD_PRELOAD=$TEST_LIB "$@"; }
good() { [ "$(sed -n 1p "$1")" = 'slabinfo - version: 2.1' ] && [ "$(tail -1 "$1" | cut -d' ' -f1)" = kmalloc-large ]; }

echo old >plain
ln plain other
with plain /bin/true 2>err || fail "status $?"
[ ! -s err ] && good plain || fail "a plain file: $(cat err plain)"
[ "$(cat other)" = old ] || fail "a reader of the old file gets half of the new"
with 'p.%p.%e' /bin/true; good p.*.true || fail "%p and %e: $(ls)"
with - /bin/true 2>err >out; good err && [ ! -s out ] || fail "standard error: $(cat err)"
mkfifo pipe
cat pipe >piped & with pipe /bin/true; wait $!
[ -p pipe ] && good piped || fail "a pipe"
with none/of/these /bin/true 2>err || fail "status $?"
[ "$(cat err)" = 'kslab: cannot write slabinfo to none/of/these: No such file or directory' ] || fail "$(cat err)"
with plain /bin/sh -c 'exit 7'; [ $? = 7 ] || fail "exit status"
KSLAB_STATS=1 with plain /bin/true; [ "$(sed -n 1p plain)" = 'slabinfo - version: 2.1 (statistics)' ] || fail "statistics"
[ "$(tail -1 plain | wc -w)" = 33 ] || fail "columns of statistics"
exit 0
