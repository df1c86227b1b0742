#!/bin/bash
# The archive shows plain object code (no objects that only one compiler's link-time optimiser can
# read) and defines nothing outside of libc's family (of which libc's own fork, in a static program,
# wants some __malloc_ names), the C++ operators and names of our own. _.stapsdt.base is sys/sdt.h's, the same in all.
set -u
[ -f "${TEST_STATIC_LIB:-}" ] || { echo "no library"; exit 77; }
names=$(nm -g --defined-only "$TEST_STATIC_LIB" 2>/dev/null | awk 'NF == 3 {print $3}' | sort -u)
[ -n "$names" ] || { echo "no symbols to be seen: are these LTO objects?" >&2; exit 1; }
# C++ names inside of our own namespace are ours.
own='^(kslab_|_Z.*5kslab|_Zn[wa]m|_Zd[la]P|_ZT[ISV].*kslab|__libc_|__malloc_|__posix_memalign$|DW\.ref\.|_\.stapsdt\.base$)'
family='malloc|free|calloc|realloc|reallocarray|memalign|aligned_alloc|posix_memalign|valloc|pvalloc|cfree'
family+='|malloc_usable_size|free_sized|free_aligned_sized|mallinfo|mallinfo2|malloc_info|malloc_stats'
family+='|malloc_trim|mallopt|malloc_get_state|malloc_set_state|dlopen|sigaction'
others=$(grep -Ev "$own" <<<"$names" | grep -Evx "$family")
[ -z "$others" ] || { echo "also defined: $others" >&2; exit 1; }
