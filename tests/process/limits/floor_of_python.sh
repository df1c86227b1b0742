#!/bin/bash
# The same for python3, which allocates some megabytes while it starts: 5 MiB above.
# needs: tool python3
# timeout: 100
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
python=$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))') || exit 77
floor() { # of the command, in MiB
    local mib said
    for mib in $(seq 6 100); do
        # Without room for the library the loader goes on without it, and says so.
        said=$( (ulimit -v $((mib * 1024)); exec timeout 20 "$@") 2>&1 >/dev/null) && [ -z "$said" ] && { echo "$mib"; return; }
        [ $? != 124 ] || echo "$*: hangs with $mib MiB" >&2
    done
    echo 999
}
libc=$(floor env -u LD_PRELOAD "$python" -S -c pass)
ours=$(floor env LD_PRELOAD="$TEST_LIB" "$python" -S -c pass)
echo "libc $libc MiB, with the library $ours MiB"
[ "$ours" -le $((libc + 5)) ] || { echo "floor $ours MiB, libc's is $libc" >&2; exit 1; }
