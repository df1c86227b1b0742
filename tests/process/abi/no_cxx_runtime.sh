#!/bin/bash
# Symbols of the C++ runtime may be wanted weakly at most; a strong one fails to bind in C programs.
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
# __cxa_atexit, __cxa_finalize and __cxa_thread_atexit_impl are libc's own.
strong=$(nm -D --undefined-only "$TEST_LIB" | awk '$1 == "U" {print $2}' |
         grep -E '^(_ZN?[KV]?S|_ZS|_ZT|__cxa_|_Unwind|__gxx_|__dynamic_cast)' |
         grep -Ev '^__cxa_(atexit|finalize|thread_atexit_impl)(@|$)')
[ -z "$strong" ] || { echo "strongly undefined: $strong" >&2; exit 1; }
