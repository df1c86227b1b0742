#!/bin/bash
# Nothing else is exported: a preloaded library that exported kmalloc or list_add would pre-empt a
# program's own function of that name. Names of our own start with kslab_.
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
allowed='kslab_.*|_Zn[wa]m.*|_Zd[la]P.*'
allowed+='|(__libc_)?(malloc|free|calloc|realloc|memalign|valloc|pvalloc|mallinfo|mallopt|reallocarray)'
allowed+='|aligned_alloc|malloc_usable_size|(__)?posix_memalign|cfree|free_sized|free_aligned_sized'
allowed+='|mallinfo2|malloc_info|malloc_stats|malloc_trim|malloc_get_state|malloc_set_state'
allowed+='|dlopen|sigaction|signal|__sysv_signal|sigaltstack|_init|_fini'
others=$(nm -D --defined-only "$TEST_LIB" | awk '{print $3}' | sed 's/@.*//' | grep -Evx "$allowed")
[ -z "$others" ] || { echo "also exported: $others" >&2; exit 1; }
