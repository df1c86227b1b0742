#!/bin/bash
# The size classes' arrays hold nearly twice the kernel's number of small objects, whether hits are counted or not; with the kernel's geometry the kernel's to the letter.
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
tunables() {
    env "$@" KSLAB_SLABINFO=- LD_PRELOAD="$TEST_LIB" true 2>&1 |
        awk '$1 ~ /^kmalloc-(64|256|512|1024|4096|8192)$/ { printf "%s:%s,%s,%s ", $1, $9, $10, $11 }'
}
kernels='kmalloc-64:120,60,8 kmalloc-256:120,60,8 kmalloc-512:54,27,8 kmalloc-1024:54,27,8 '
ours='kmalloc-64:208,104,4 kmalloc-256:208,104,4 kmalloc-512:108,54,4 kmalloc-1024:108,54,4 '
same='kmalloc-4096:24,12,8 kmalloc-8192:8,4,0 '
[ "$(tunables X=1)" = "$ours$same" ] || { echo "by default: $(tunables X=1)"; exit 1; }
[ "$(tunables KSLAB_CLASSES=fine)" = "$ours$same" ] || { echo "fine: $(tunables KSLAB_CLASSES=fine)"; exit 1; }
[ "$(tunables KSLAB_GEOMETRY=kernel)" = "$kernels$same" ] || { echo "the kernel's geometry: $(tunables KSLAB_GEOMETRY=kernel)"; exit 1; }
[ "$(tunables KSLAB_STATS=1)" = "$ours$same" ] || { echo "statistics: $(tunables KSLAB_STATS=1)"; exit 1; }
