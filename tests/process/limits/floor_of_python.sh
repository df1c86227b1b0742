#!/bin/bash
# The same for python3, which allocates some megabytes while it starts.
# needs: tool python3
# timeout: 100
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
python=$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))') || exit 77
floor() { # of the command, in MiB
    local mib
    for mib in $(seq 6 100); do
        (ulimit -v $((mib * 1024)); exec "$@") >/dev/null 2>&1 && { echo "$mib"; return; }
    done
    echo 999
}
libc=$(floor env -u LD_PRELOAD "$python" -S -c pass)
ours=$(floor env LD_PRELOAD="$TEST_LIB" "$python" -S -c pass)
echo "libc $libc MiB, with the library $ours MiB"
[ "$ours" -le $((libc + 8)) ] || { echo "floor $ours MiB, libc's is $libc" >&2; exit 1; }
