#!/bin/bash
# man finds a page by the name of each function, and the page that it finds tells of it.
# label: full
# timeout: 60
# needs: tool cmake
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
cmake --install "$(dirname "$TEST_LIB")" --prefix "$TEST_TMP/prefix" >"$TEST_TMP/install" 2>&1 ||
    { cat "$TEST_TMP/install" >&2; exit 1; }
pages=$(find "$TEST_TMP/prefix" -type d -name man3)
status=0
links=0
for file in "$pages"/*.3; do
    name=$(basename "$file" .3)
    first=$(head -n 1 "$file")
    [ "${first#.so }" != "$first" ] || continue
    links=$((links + 1))
    page=$pages/../${first#.so }
    sed -n '/^.SH SYNOPSIS/,$p' "$page" | grep -qw -- "$name" || { echo "$file: $first does not tell of $name" >&2; status=1; }
done
for name in kmalloc kmem_cache_create mempool_alloc kslab_trim KMEM_CACHE __krealloc slab_is_available; do
    [ -f "$pages/$name.3" ] || { echo "no page $name.3" >&2; status=1; }
done
[ $links -gt 80 ] || { echo "only $links functions have a page" >&2; status=1; }
examples=$(find "$TEST_TMP/prefix" -type d -name examples)
[ -f "$examples/order.c" ] || { echo "the examples are not installed" >&2; status=1; }
exit $status
