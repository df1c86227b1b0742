#!/bin/bash
# Inside the library no call of an allocation function goes through the loader's table, save in
# kslab_is_active, which asks on purpose where the process's malloc leads; and calloc does not call
# calloc: compilers turn malloc + memset into calloc, also inside of calloc itself.
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
family='^(malloc|calloc|realloc|free|memalign|posix_memalign|aligned_alloc|_Znwm|_ZdlPv)(@|$)'
# Addresses of the table's entries for the family, without leading zeros.
slots=$(readelf -rW "$TEST_LIB" | awk -v family="$family" '$5 ~ family { sub(/^0+/, "", $1); print $1 }')
callers=$(objdump -d --no-show-raw-insn "$TEST_LIB" | awk -v slots="$slots" '
    BEGIN { count = split(slots, list, "\n"); for (i = 1; i <= count; i++) wanted[list[i]] = 1 }
    /^[0-9a-f]+ <.*>:$/ { name = substr($2, 2, length($2) - 3) }
    /# [0-9a-f]+ </ { address = $0; sub(/.*# /, "", address); sub(/ .*/, "", address)
                      if (address in wanted) print name }
    /<(malloc|calloc|realloc|free|memalign|_Znwm|_ZdlPv)@plt>/ { print name }' | sort -u |
    grep -vx 'kslab_is_active')
[ -z "$callers" ] || { echo "called through the loader by: $callers" >&2; exit 1; }
# The body by address: an alias of the same place may have given its name to the disassembly.
read -r start size < <(readelf --dyn-syms -W "$TEST_LIB" | awk '$8 ~ /^calloc(@|$)/ {print "0x" $2, $3}')
body=$(objdump -d --no-show-raw-insn --start-address="$start" --stop-address=$((start + size)) "$TEST_LIB" |
    grep -E '^ +[0-9a-f]+:')
[ -n "$body" ] || { echo "no body of calloc found" >&2; exit 1; }
recursive=$(grep -E "(call|j[a-z]+) +$(printf %x "$start") |(call|jmp) .*<calloc(@plt)?>$" <<<"$body")
[ -z "$recursive" ] || { echo "calloc calls itself: $recursive" >&2; exit 1; }
