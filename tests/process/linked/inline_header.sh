#!/bin/bash
# kslab/inline.h compiles in C and C++ without a warning and is inlined by every compiler, in programs, position
# independent ones and shared objects; with the shared library it does not link, and the linker says what is missing.
# ThreadSanitizer's programs call. The wrapper for C++ uses it.
# label: full
# timeout: 120
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
status=0
wrong() { echo "$*" >&2; status=1; }
cat >"$TEST_TMP/use.c" <<'END'
#include <kslab/kmem_cache.h>
#include <kslab/kmalloc.h>
int main(void)
{
    struct kmem_cache *cache = kmem_cache_create("inline", 64, 0, 0, NULL);
    void *object = kmem_cache_alloc(cache, GFP_KERNEL), *memory = kmalloc(100, GFP_KERNEL);
    kmem_cache_free(cache, object);
    kfree(memory);
    kmem_cache_destroy(cache);
    return object && memory ? 0 : 1;
}
END
cat >"$TEST_TMP/use.cpp" <<'END'
#include <kslab/cache.hpp>
struct point { int x, y; };
int main()
{
    kslab::cache<point> points;
    points.destroy(points.create(1, 2));
}
END
strict=(-Wall -Wextra -Wshadow -Wconversion -Wpedantic -Werror -DKSLAB_INLINE -I "$TEST_INCLUDE")
# What an object file refers to.
refers() { nm --undefined-only "$TEST_TMP/use.o" | grep -q " U $1\$"; }

for compiler in gcc clang; do
    command -v $compiler >/dev/null || continue
    cxx=g++
    [ $compiler = gcc ] || cxx=clang++
    for flags in "-x c -std=gnu99" "-x c -std=c11 -O2 -fPIE" "-x c -std=c17 -O3 -fPIC" "-x c++ -std=c++17 -O1" "-x c++ -std=c++20"; do
        # shellcheck disable=SC2086  # words are meant to split
        $compiler $flags "${strict[@]}" -c "$TEST_TMP/use.c" -o "$TEST_TMP/use.o" || wrong "$compiler $flags: does not compile"
        refers kslab_static_library_thread_layout_1 || wrong "$compiler $flags: not inlined"
        ! refers kslab_kmem_cache_alloc || wrong "$compiler $flags: called"
    done
    $compiler -O1 -fsanitize=thread "${strict[@]}" -c "$TEST_TMP/use.c" -o "$TEST_TMP/use.o"
    refers kslab_kmem_cache_alloc || wrong "$compiler: inlined under ThreadSanitizer"

    said=$($compiler -O1 "${strict[@]}" "$TEST_TMP/use.c" "$TEST_LIB" -o "$TEST_TMP/use" 2>&1) &&
        wrong "$compiler: links with the shared library"
    grep -q 'kslab_static_library_thread_layout_1' <<<"$said" || wrong "$compiler: the linker does not say why: $said"
    said=$($compiler -O1 -fPIC -shared "${strict[@]}" "$TEST_TMP/use.c" -o "$TEST_TMP/use.so" 2>&1) &&
        wrong "$compiler: a shared object links without the archive"
    for form in "-fPIE -pie" "-fno-pie -no-pie" "-static"; do
        # shellcheck disable=SC2086
        { $compiler -O2 $form "${strict[@]}" "$TEST_TMP/use.c" "$TEST_API_LIB" -o "$TEST_TMP/use" && "$TEST_TMP/use"; } ||
            wrong "$compiler $form: does not link or work"
    done
    $compiler -O2 -fPIC -shared "${strict[@]}" "$TEST_TMP/use.c" "$TEST_API_LIB" -o "$TEST_TMP/use.so" ||
        wrong "$compiler: a shared object does not link with the archive"
    $cxx -O2 -std=c++17 "${strict[@]}" -c "$TEST_TMP/use.cpp" -o "$TEST_TMP/use.o" || wrong "$compiler: cache.hpp"
    refers kslab_static_library_thread_layout_1 || wrong "$compiler: cache.hpp does not inline"
    $cxx "$TEST_TMP/use.o" "$TEST_API_LIB" -o "$TEST_TMP/use" && "$TEST_TMP/use" || wrong "$compiler: cache.hpp does not work"
done
! nm -D --defined-only "$TEST_LIB" | grep -E 'kslab_static_library|_called$' || wrong "the shared library shows its layout"
exit $status
