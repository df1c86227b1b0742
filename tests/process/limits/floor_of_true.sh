#!/bin/bash
# The least address space (ulimit -v) in which /bin/true runs is at most 4 MiB above libc's own.
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
floor() { # of the command, in MiB
    local mib said
    for mib in $(seq 2 80); do
        # Without room for the library the loader goes on without it, and says so.
        said=$( (ulimit -v $((mib * 1024)); exec "$@") 2>&1 >/dev/null) && [ -z "$said" ] && { echo "$mib"; return; }
    done
    echo 999
}
libc=$(floor env -u LD_PRELOAD /bin/true)
ours=$(floor env LD_PRELOAD="$TEST_LIB" /bin/true)
echo "libc $libc MiB, with the library $ours MiB"
[ "$ours" -le $((libc + 4)) ] || { echo "floor $ours MiB, libc's is $libc" >&2; exit 1; }
