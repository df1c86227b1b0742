#!/bin/bash
# Every allocation entry point of libc and of C++ is exported. One that is missing would be served
# by libc's heap, and its block would then be handed to our free.
set -u
names="
malloc free calloc realloc aligned_alloc malloc_usable_size memalign posix_memalign pvalloc valloc
cfree free_sized free_aligned_sized
mallinfo mallinfo2 malloc_info malloc_stats malloc_trim mallopt
__libc_malloc __libc_free __libc_calloc __libc_realloc __libc_memalign __libc_valloc __libc_pvalloc
__libc_mallinfo __libc_mallopt __posix_memalign
_Znwm _Znam _ZnwmRKSt9nothrow_t _ZnamRKSt9nothrow_t _ZnwmSt11align_val_t _ZnamSt11align_val_t
_ZnwmSt11align_val_tRKSt9nothrow_t _ZnamSt11align_val_tRKSt9nothrow_t
_ZdlPv _ZdaPv _ZdlPvm _ZdaPvm _ZdlPvRKSt9nothrow_t _ZdaPvRKSt9nothrow_t
_ZdlPvSt11align_val_t _ZdaPvSt11align_val_t _ZdlPvmSt11align_val_t _ZdaPvmSt11align_val_t
_ZdlPvSt11align_val_tRKSt9nothrow_t _ZdaPvSt11align_val_tRKSt9nothrow_t
kslab_version kslab_is_active kslab_owns kslab_validate"

[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
exported=$(nm -D --defined-only "$TEST_LIB" | awk '{print $3}' | sed 's/@.*//')
status=0
for name in $names; do
    grep -qx -- "$name" <<<"$exported" || { echo "not exported: $name" >&2; status=1; }
done
exit $status
