#!/bin/bash
# The library needs libc and the loader, nothing else: a C program must not get libstdc++ (slow
# start, version clashes) because its malloc is written in C++.
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
needed=$(readelf -dW "$TEST_LIB" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
others=$(grep -Ev '^(libc\.so\.6|ld-linux.*\.so\.[0-9]+)$' <<<"$needed")
[ -z "$others" ] || { echo "needed: $others" >&2; exit 1; }
grep -q '^libc\.so\.6$' <<<"$needed" || { echo "libc is not needed: $needed" >&2; exit 1; }
