#!/bin/bash
# kslab slabinfo and kslab tune: the table is slabtop's, a running program answers and obeys, what is wrong says so.
set -u
tool=$(dirname "$TEST_LIB")/kslab
[ -x "$tool" ] || { echo "no kslab command"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }
cd "$TEST_TMP" || exit 1

cat >text <<'X'
slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>
kmalloc-64          1000   1024     64  256    4 : tunables  120   60    8 : slabdata      3      4     17
  # a comment behind blanks: no cache, as fuzzing found
kmalloc-8192           0      6   8192    2    4 : tunables    8    4    0 : slabdata      0      3      0
growing              100    900    100  320    8 : tunables   54   27    8 : slabdata      5      5      0
empty                  0      0    512   32    4 : tunables   54   27    8 : slabdata      0      0      0
X
printf '  \n' >>text  # nor are blanks alone
cat >expected <<'X'
 Active / Total Objects (% used)    : 1100 / 1930 (57.0%)
 Active / Total Slabs (% used)      : 8 / 12 (66.7%)
 Active / Total Caches (% used)     : 3 / 4 (75.0%)
 Active / Total Size (% used)       : 72.27K / 199.89K (36.2%)
 Minimum / Average / Maximum Object : 0.06K / 0.10K / 8.00K

  OBJS ACTIVE  USE OBJ SIZE  SLABS OBJ/SLAB CACHE SIZE NAME
  1024   1000  97%    0.06K      4      256        64K kmalloc-64
   900    100  11%    0.10K      5      320        88K growing
     6      0   0%    8.00K      3        2        48K kmalloc-8192
     0      0   0%    0.50K      0       32         0K empty
X
"$tool" slabinfo text >got || fail "status $?"
diff expected got || fail "the table"
"$tool" slabinfo <text | diff expected - || fail "standard input"
order() { "$tool" slabinfo "$@" | awk 'NR > 7 {print $NF}' | paste -sd ' '; }
[ "$(order text --sort s)" = 'kmalloc-8192 empty growing kmalloc-64' ] || fail "by size: $(order text --sort s)"
[ "$(order --sort n text)" = 'empty growing kmalloc-64 kmalloc-8192' ] || fail "by name: $(order --sort n text)"
[ "$(order --sort c text)" = 'growing kmalloc-64 kmalloc-8192 empty' ] || fail "by memory: $(order --sort c text)"
"$tool" slabinfo --json text | tr -d ' \n' >got
grep -qF '{"name":"kmalloc-64","active_objs":1000,"num_objs":1024,"objsize":64,"objperslab":256,"pagesperslab":4,"limit":120,"batchcount":60,"sharedfactor":8,"active_slabs":3,"num_slabs":4,"sharedavail":17}' got ||
    fail "$(cat got)"
# The kernel's own caches change from moment to moment, but for their number.
if [ -r /proc/slabinfo ] && command -v slabtop >/dev/null; then
    caches() { awk -F/ '/Total Caches/ {print $3}' | awk '{print $1}'; }
    [ "$("$tool" slabinfo /proc/slabinfo | caches)" = "$(slabtop -o | caches)" ] || fail "slabtop counts other caches"
fi

says() {
    local status=$1 want=$2 got
    shift 2
    "$tool" "$@" >out 2>err </dev/null; got=$?
    [ $got = "$status" ] && [ "$(cat err)" = "kslab: $want" ] || fail "$*: $got $(cat err)"
}
echo 'kmalloc-64 1 2' >>text
says 2 'slabinfo: text: line 9 is not of slabinfo: expected five numbers behind the name' slabinfo text
says 2 'slabinfo: standard input: line 1 is not of slabinfo: expected "slabinfo - version: 2.1"' slabinfo
says 2 'slabinfo: cannot read none' slabinfo none
says 2 'slabinfo: --sort wants one of a, b, c, l, v, n, o, p, s, u, not x' slabinfo --sort x text
says 2 'slabinfo: one file or process at a time' slabinfo text text
says 2 'slabinfo: --top wants a file or a process' slabinfo --top
says 2 'tune: expected PID CACHE LIMIT BATCHCOUNT SHARED (try kslab tune --help)' tune 1
says 1 "slabinfo: process $$ was not started with KSLAB_SLABINFO=path and KSLAB_SLABINFO_SIGNAL=number" slabinfo $$

# A program that waits, and says when it is about to.
cat >waits.c <<'X'
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(void)
{
    char line;
    for (int i = 0; i < 1000; i++) if (!malloc(50)) return 1;
    if (write(1, "ready\n", 6) != 6) return 1;
    while (read(0, &line, 1) > 0) ;
    return 0;
}
X
"$TEST_CC" -O1 -fno-builtin waits.c -o waits || exit 1
mkfifo ready go
KSLAB_SLABINFO=slabinfo.%e KSLAB_SLABINFO_SIGNAL=12 LD_PRELOAD=$TEST_LIB ./waits <go >ready 2>refusals &
process=$!
exec 3>go
read -r _ <ready
"$tool" slabinfo "$process" >got || fail "a running program"
grep -Eq '^ +[0-9]+ +1[0-9]{3} .* kmalloc-64$' got || fail "$(cat got)"
[ "$("$tool" tune "$process" ' kmalloc-64  60 30 4 ')" = 'kmalloc-64 60 30 4' ] || fail "tune"
[ "$("$tool" tune "$process" kmalloc-512 8 4 1)" = 'kmalloc-512 8 4 1' ] || fail "tune with four words"
"$tool" slabinfo --json "$process" | tr -d ' \n' | grep -q '"kmalloc-64",[^}]*"limit":60,"batchcount":30,"sharedfactor":4,' ||
    fail "it did not obey"
says 1 "tune: refused; the program's standard error says why, and it has kmalloc-64 60 30 4" tune "$process" 'kmalloc-64 500 30 4'
[ "$(cat refusals)" = 'kslab: tuning "kmalloc-64 500 30 4" is refused: kmalloc-64 has arrays of at most 208 objects' ] ||
    fail "$(cat refusals)"
[ "$(ls slabinfo.waits*)" = slabinfo.waits ] || fail "files are left: $(ls)"
exec 3>&-
wait $process || fail "the program ended with $?"
head -1 slabinfo.waits | grep -qx 'slabinfo - version: 2.1' || fail "at exit"
exit 0
