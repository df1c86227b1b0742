#!/bin/bash
# LD_PRELOAD works by the library's soname alone where the loader knows the directory: the form that
# people put into containers, since it suits every architecture.
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
directory=$(dirname "$TEST_LIB")
[ -e "$directory/libkslab.so.0" ] || { echo "no libkslab.so.0 beside the library" >&2; exit 1; }
text=$(LD_LIBRARY_PATH="$directory" LD_PRELOAD=libkslab.so.0 KSLAB_VERBOSE=1 /bin/true 2>&1)
case $text in
    'kslab: active'*) ;;
    *) echo "it says: $text" >&2; exit 1 ;;
esac
