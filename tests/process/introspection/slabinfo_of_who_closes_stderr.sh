#!/bin/bash
# coreutils close standard error before they exit: what is written at exit arrives all the same.
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
ls=$(type -P ls) || exit 77
for option in KSLAB_SLABINFO=- KSLAB_GROUPS=modules; do
    said=$(env "$option" LD_PRELOAD="$TEST_LIB" "$ls" / 2>&1 >/dev/null) || exit 1
    [ "$(wc -l <<<"$said")" -gt 2 ] || { echo "$option: nothing but '$said'" >&2; exit 1; }
done
said=$(KSLAB_SLABINFO=/none/at.all LD_PRELOAD="$TEST_LIB" "$ls" / 2>&1 >/dev/null)
[ "$said" = 'kslab: cannot write slabinfo to /none/at.all: No such file or directory' ] || { echo "'$said'" >&2; exit 1; }
