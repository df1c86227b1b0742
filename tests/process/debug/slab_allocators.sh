#!/bin/bash
# kslab_slab_allocators: live objects by cache and caller, most first; names, offsets and sizes of dynamic symbols, also in a
# stripped library; without a symbol the address, and where it is in its module. Nothing without U.
set -u
fail() { echo "FAILED: $*" >&2; cat out >&2; exit 1; }
cd "$TEST_TMP" || exit 1
cat >lib.c <<'X'
#include <stdlib.h>
void *exported(void) { void *p = malloc(40); __asm__ volatile("" : "+r"(p)); return p; }
__attribute__((noinline)) static void *hidden(void) { void *p = malloc(700); __asm__ volatile("" : "+r"(p)); return p; }
void *calls_hidden(void) { void *p = hidden(); __asm__ volatile("" : "+r"(p)); return p; }
X
cat >main.c <<'X'
#include <kslab/kmem_cache.h>
#include <kslab/slabinfo.h>
#include <stdlib.h>
void *exported(void), *calls_hidden(void);
void *kept[100];
int main(void)
{
    struct kmem_cache *cache = kmem_cache_create("orders", 88, 0, 0, NULL);
    for (int i = 0; i < 30; i++) kept[i] = exported();
    for (int i = 30; i < 50; i++) kept[i] = calls_hidden();
    for (int i = 50; i < 90; i++) kept[i] = kmem_cache_alloc(cache, GFP_KERNEL);
    for (int i = 50; i < 54; i++) kmem_cache_free(cache, kept[i]);
    kept[99] = malloc(1 << 20);
    return kslab_slab_allocators(1);
}
X
directory=$(dirname "$TEST_LIB")
"$TEST_CC" -O1 -shared -fPIC lib.c -o libours.so || exit 1
"$TEST_CC" -O1 -I"$TEST_INCLUDE" main.c -o main -rdynamic -L. -lours -Wl,--no-as-needed -L"$directory" -lkslab \
    -Wl,-rpath,"$PWD:$directory" || exit 1

# Runs with these switches, and demands silence on standard error.
lines() { KSLAB_DEBUG=$1 ./main >out 2>err || fail "status $?: $(cat err)"; [ ! -s err ] || fail "$(cat err)"; }
has() { grep -Eq "^$1\$" out || fail "no line: $1"; }
check() {
    lines U
    has 'orders: 36 main\+0x[0-9a-f]+/0x[0-9a-f]+ \[main\]'
    has 'kmalloc-48: 30 exported\+0x[0-9a-f]+/0x[0-9a-f]+ \[libours.so\]'
    has 'kmalloc-768: 20 0x[0-9a-f]+ \[libours.so\+0x[0-9a-f]+\]'
    has 'kmalloc-large: 1 main\+0x[0-9a-f]+/0x[0-9a-f]+ \[main\]'
    awk '{print $2}' out | sort -nr -c || fail "not in order"
}
check
# The offset in a module is what addr2line and objdump take; offset and size are those of the symbol.
offset=$(sed -n 's/.*libours.so+0x\([0-9a-f]*\)\]$/\1/p' out)
expected=$(nm libours.so | sed -n 's/^0*\([0-9a-f]*\) t hidden$/\1/p')
[ $((0x$offset)) -gt $((0x$expected)) ] && [ $((0x$offset)) -lt $((0x$expected + 64)) ] || fail "hidden is at $expected, not at $offset"
size=$(nm -S -D libours.so | awk '$4 == "exported" {print $2}')
[ "$(sed -n 's/.*exported+0x[0-9a-f]*\/0x\([0-9a-f]*\) .*/\1/p' out)" = "$(printf %x $((0x$size)))" ] || fail "the size of exported is $size"
strip libours.so && check
lines FZ
[ ! -s out ] || fail "without U something is written"
lines U,orders
[ "$(wc -l <out)" = 1 ] || fail "more than the one cache that keeps track"
has 'orders: 36 main\+.*'
lines 0
[ ! -s out ] || fail "without debugging something is written"
exit 0
