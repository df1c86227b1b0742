#!/bin/bash
# The least address space (ulimit -v) in which /bin/true runs is at most 8 MB above libc's own.
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
floor() { # of the command, in MiB
    local mib
    for mib in $(seq 2 80); do
        (ulimit -v $((mib * 1024)); exec "$@") >/dev/null 2>&1 && { echo "$mib"; return; }
    done
    echo 999
}
libc=$(floor env -u LD_PRELOAD /bin/true)
ours=$(floor env LD_PRELOAD="$TEST_LIB" /bin/true)
echo "libc $libc MiB, with the library $ours MiB"
[ "$ours" -le $((libc + 8)) ] || { echo "floor $ours MiB, libc's is $libc" >&2; exit 1; }
