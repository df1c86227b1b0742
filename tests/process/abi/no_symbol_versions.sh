#!/bin/bash
# The exported names carry no version. Programs ask for malloc@GLIBC_2.2.5; the loader accepts an
# unversioned definition for that, but silently keeps libc's where ours is malloc@@ANYTHING.
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
versioned=$(nm -D --defined-only "$TEST_LIB" | awk '{print $3}' | grep '@')
[ -z "$versioned" ] || { echo "versioned: $versioned" >&2; exit 1; }
