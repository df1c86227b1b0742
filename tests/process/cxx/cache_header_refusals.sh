#!/bin/bash
# kslab/cache.hpp compiles without a warning in every C++ from 17 on, without exceptions and RTTI too, and says in
# plain words which types it does not take.
# label: full
# timeout: 240
# needs: tool g++
set -u
[ -d "${TEST_INCLUDE:-}" ] || { echo "no headers"; exit 77; }
status=0
compilers=(g++)
command -v clang++ >/dev/null && compilers+=(clang++)
strict=(-fsyntax-only -x c++ -Wall -Wextra -Wshadow -Wconversion -Wpedantic -Werror -I "$TEST_INCLUDE")

cat >"$TEST_TMP/common" <<'END_OF_TEXT'
#include <kslab/cache.hpp>
#include <list>
struct point { int x, y; };
struct alignas(8192) wide { int x; };
struct large { char bytes[131073]; };
struct throws { throws() noexcept(false); };
struct destroys { destroys() noexcept; ~destroys(); };
struct throws_late { throws_late() noexcept; ~throws_late() noexcept(false); };
END_OF_TEXT
good='void use() { kslab::cache<point> a; a.destroy(a.create(1, 2)); (void)a.make_unique();
    kslab::constructed_cache<point> b("b", SLAB_HWCACHE_ALIGN); b.release(b.acquire()); (void)b.acquire_unique();
    kslab::constructed_cache<destroys> f; f.release(f.acquire());
    std::list<int, kslab::allocator<int>> c(3); std::pmr::list<int> d(&a); c.clear(); d.clear();
    std::list<large, kslab::allocator<large>> e(1); }'

for compiler in "${compilers[@]}"; do
    for flags in -std=c++17 -std=gnu++20 -std=c++2b "-std=c++17 -fno-exceptions -fno-rtti" "-std=c++17 -O2"; do
        # shellcheck disable=SC2086  # words are meant to split
        { cat "$TEST_TMP/common"; echo "$good"; } | "$compiler" "${strict[@]}" $flags - ||
            { echo "$compiler $flags does not take the header" >&2; status=1; }
    done
    while IFS='|' read -r words code; do
        { cat "$TEST_TMP/common"; echo "void use() { $code }"; } |
            "$compiler" -std=c++17 "${strict[@]}" - >"$TEST_TMP/said" 2>&1 &&
            { echo "$compiler takes: $code" >&2; status=1; }
        grep -q "kslab.*: .*$words" "$TEST_TMP/said" ||
            { echo "$compiler does not say '$words' of: $code" >&2; cat "$TEST_TMP/said" >&2; status=1; }
    done <<'END_OF_TEXT'
at most 131072 bytes|kslab::cache<large> c;
at most 131072 bytes|kslab::constructed_cache<large> c;
aligned to 4096 bytes at most|kslab::cache<wide> c;
aligned to 4096 bytes at most|std::list<wide, kslab::allocator<wide>> l(1);
no references, functions, arrays|kslab::cache<const point> c;
no references, functions, arrays|kslab::cache<int[3]> c;
must be noexcept|kslab::constructed_cache<throws> c;
~T() must be noexcept|kslab::constructed_cache<throws_late> c;
END_OF_TEXT
done
exit $status
