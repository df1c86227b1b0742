#!/bin/bash
# Thread-local storage of the library is at most 64 bytes. It is initial-exec, and the loader keeps
# only some hundred spare bytes for libraries that come by dlopen.
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
size=$(readelf -lW "$TEST_LIB" | awk '$1 == "TLS" {print $6}')
[ -n "$size" ] || { echo "no TLS segment: this library has no thread caches" >&2; exit 1; }
[ $((size)) -le 64 ] || { echo "TLS segment of $((size)) bytes" >&2; exit 1; }
! readelf -rW "$TEST_LIB" | grep -E 'DTPMOD|TLSDESC' >&2 || { echo "not initial-exec" >&2; exit 1; }
! nm -D --undefined-only "$TEST_LIB" | grep __tls_get_addr >&2
