#!/bin/bash
# The same for ulimit -d, which counts private writable mappings.
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
floor() { # of the command, in steps of 256 KiB
    local kib said
    for kib in $(seq 256 256 32768); do
        said=$( (ulimit -d "$kib"; exec "$@") 2>&1 >/dev/null) && [ -z "$said" ] && { echo "$kib"; return; }
    done
    echo 99999
}
libc=$(floor env -u LD_PRELOAD /bin/true)
ours=$(floor env LD_PRELOAD="$TEST_LIB" /bin/true)
echo "libc $libc KiB, with the library $ours KiB"
[ "$ours" -le $((libc + 8192)) ] || { echo "floor $ours KiB, libc's is $libc" >&2; exit 1; }
