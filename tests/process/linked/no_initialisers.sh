#!/bin/bash
# No variable of the library's is made at run time: each process would pay for it in page faults, and malloc may be called
# before it is made. (GCC names such functions _GLOBAL__sub_I_FILE.)
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
symbols=$(nm "$TEST_LIB")
[ -n "$symbols" ] || { echo "the library is stripped"; exit 77; }
made=$(grep -o '_GLOBAL__sub_I.*' <<<"$symbols")
[ -z "$made" ] || { echo "made at run time: $made" >&2; exit 1; }
