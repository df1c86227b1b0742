#!/bin/bash
# The library binds at load time (a lazy binding inside malloc would enter the loader), is
# initialised first, has no text relocations, no executable stack, no page both writable and
# executable, and the soname that people preload by.
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
dynamic=$(readelf -dW "$TEST_LIB")
status=0
wants() { grep -Eq "$1" <<<"$dynamic" || { echo "dynamic section lacks: $1" >&2; status=1; }; }
wants 'SONAME.*\[libkslab\.so\.0\]'
wants 'NOW'
wants 'INITFIRST'
! grep TEXTREL <<<"$dynamic" >&2 || status=1
readelf -lW "$TEST_LIB" | awk '
    $1 == "GNU_STACK" && /RWE/ { print "executable stack" > "/dev/stderr"; bad = 1 }
    $1 == "LOAD" && /W E|RWE/  { print "writable and executable: " $0 > "/dev/stderr"; bad = 1 }
    END { exit bad }' || status=1
exit $status
