#!/bin/bash
# The core of a program with a 10 MB heap is not much bigger than that.
# needs: tool gdb
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
cat >"$TEST_TMP/main.c" <<'END'
#include <stdlib.h>
#include <string.h>
int main(void)
{
    for (int i = 0; i < 100000; i++)
        memset(malloc(100), 1, 100);
    abort();
}
END
$TEST_CC -fno-builtin -g -O1 "$TEST_TMP/main.c" -o "$TEST_TMP/main" || exit 1
gdb -q -batch -ex "set environment LD_PRELOAD $TEST_LIB" -ex 'set startup-with-shell off' -ex run \
    -ex "generate-core-file $TEST_TMP/core" "$TEST_TMP/main" >"$TEST_TMP/log" 2>&1
[ -f "$TEST_TMP/core" ] || { echo "skipped: gdb made no core"; tail -n 3 "$TEST_TMP/log"; exit 77; }
size=$(stat -c %s "$TEST_TMP/core")
echo "core of $((size / 1024)) KiB"
[ "$size" -lt $((20 << 20)) ] || { echo "core of $((size / 1024)) KiB" >&2; exit 1; }
