#!/bin/bash
# kslab symbolize: functions, files and lines of return addresses and exact ones, inlined functions too, in programs
# with and without relocation, without debug data, and stripped.
# needs: tool nm
set -u
tool=$(dirname "$TEST_LIB")/kslab
[ -x "$tool" ] || { echo "no kslab command"; exit 77; }
! "$tool" symbolize </dev/null 2>&1 | grep -q libdw || { echo "built without libdw"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }

cat > "$TEST_TMP/shop.cpp" <<'END'
#include <cstdio>
extern char __executable_start;
namespace shop {
void* volatile sink;
__attribute__((noinline)) void* here() { return __builtin_return_address(0); }
static inline __attribute__((always_inline)) void* inner(int) {
    return here();  // line 7
}
__attribute__((noinline)) void* new_order(int n) {
    sink = inner(n);  // line 10
    return sink;
}
}
int main(int, char** argv) {
    bool moved = argv[1][0] == 'p';
    char* address = static_cast<char*>(shop::new_order(1));
    std::printf("%lx\n", (unsigned long)(moved ? address - &__executable_start : address - (char*)0));
}
END
# frame PROGRAM OFFSET [REST]: the frame resolved
frame() { printf '    #3 ?? (%s+0x%s)%s\n' "$1" "$2" "${3-}" | "$tool" symbolize 2>"$TEST_TMP/err"; }

for form in pie no-pie; do
    program=$TEST_TMP/shop-$form
    "$TEST_CXX" -g -O1 "-$form" ${form/#pie/-fpie} "$TEST_TMP/shop.cpp" -o "$program" 2>/dev/null ||
        "$TEST_CXX" -g -O1 "-$form" "$TEST_TMP/shop.cpp" -o "$program" || fail "$form does not compile"
    at=$("$program" $form)
    got=$(frame "$program" "$at")
    want="    #3 inner                shop.cpp:7    (shop-$form+0x$at) (inlined)
    #3 shop::new_order(int) shop.cpp:10   (shop-$form+0x$at)"
    [ "${got//inner(int)/inner     }" = "$want" ] || fail "$form: $got"
    printf '    #0 ?? (%s+0x%s)\n' "$program" "$at" | "$tool" symbolize --full-paths |
        grep -qF "$TEST_TMP/shop.cpp:10 " || fail "$form: no full path"
    # The first instruction of a function is its own when exact, the end of its neighbour as a return address.
    start=$(nm "$program" | sed -n 's/^0*\([0-9a-f]*\) T _ZN4shop9new_orderEi$/\1/p')
    frame "$program" "$start" ' exact' | grep -q ' shop::new_order(int) ' || fail "$form: exact address"
    ! frame "$program" "$start" | grep -q ' shop::new_order(int) ' || fail "$form: return address"
done

# Without debug data the nearest symbol, without symbols nothing but the short name and the build-id.
program=$TEST_TMP/shop-pie
at=$("$program" pie)
strip --strip-debug -o "$TEST_TMP/plain" "$program"
[ "$(frame "$TEST_TMP/plain" "$at")" = "    #3 shop::new_order(int)               (plain+0x$at)" ] || fail "symbols only"
strip -o "$TEST_TMP/bare" "$program"
[ "$(frame "$TEST_TMP/bare" "$at")" = "    #3 ?? (bare+0x$at)" ] || fail "stripped"
[ "$(frame /nowhere/gone "$at" ' [build-id 00112233]')" = "    #3 ?? (gone+0x$at) [build-id 00112233]" ] || fail "gone"
[ ! -s "$TEST_TMP/err" ] || fail "a word about a file that is gone: $(cat "$TEST_TMP/err")"
