#!/bin/bash
# The tracepoints of kslab(7), TRACING, fire with the right arguments, on fast paths and slow ones: gdb stops at each and
# prints them, the program under it prints what it did and got, and both logs are the same.
# label: full
# timeout: 180
# needs: tool gdb
# needs: tool readelf
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
readelf -n "$TEST_LIB" | grep -q 'Provider: kmem' ||
    { echo "skipped: built without tracepoints (package systemtap-sdt-dev)"; exit 77; }

cat >"$TEST_TMP/main.c" <<'END'
#include <kslab/kmalloc.h>
#include <kslab/kmem_cache.h>
#include <kslab/mempool.h>
#include <stdio.h>
static FILE *log_file;
static struct kmem_cache *cache;
static mempool_t *pool;
/* What a tracepoint tells: who called, its name, its arguments. */
#define SAY(format, ...) fprintf(log_file, "%s " format "\n", __func__, __VA_ARGS__)
#define OWN __attribute__((noinline)) static void
OWN plain(size_t size, gfp_t flags)
{
    void *p = kmalloc(size, flags);
    SAY("kmalloc %p %zu %zu %u", p, size, ksize(p), flags);
    kfree(p);
    SAY("kfree %p", p);
}
OWN zeroed(size_t size)
{
    void *p = kcalloc(1, size, GFP_KERNEL);
    SAY("kmalloc %p %zu %zu %u", p, size, ksize(p), GFP_KERNEL | __GFP_ZERO);
    kfree(p);
    SAY("kfree %p", p);
}
OWN on_node(size_t size)
{
    void *p = kmalloc_node(size, GFP_KERNEL, 1);
    SAY("kmalloc_node %p %zu %zu %u %d", p, size, ksize(p), GFP_KERNEL, 1);
    kfree(p);
    SAY("kfree %p", p);
    p = kmem_cache_alloc_node(cache, GFP_KERNEL, 1);
    SAY("kmem_cache_alloc_node %p %u %u %u %d", p, 90, 96, GFP_KERNEL, 1);
    kmem_cache_free(cache, p);
    SAY("kmem_cache_free %p", p);
}
OWN single(gfp_t flags)
{
    void *p = kmem_cache_alloc(cache, flags);
    SAY("kmem_cache_alloc %p %u %u %u", p, 90, 96, flags);
    kmem_cache_free(cache, p);
    SAY("kmem_cache_free %p", p);
}
OWN bulk(size_t count)
{
    void *objects[32];
    kmem_cache_alloc_bulk(cache, GFP_KERNEL, count, objects);
    SAY("kmem_cache_alloc_bulk %p %u %zu %u", (void *)objects, 90, count, GFP_KERNEL);
    kmem_cache_free_bulk(cache, count, objects);
    SAY("kmem_cache_free_bulk %p %u %zu %u", (void *)objects, 90, count, 0);
}
OWN from_pool(void)
{
    void *p = mempool_alloc(pool, GFP_NOWAIT);
    SAY("mempool_alloc %p %p %u", (void *)pool, p, GFP_NOWAIT);
    mempool_free(p, pool);
    SAY("mempool_free %p %p", (void *)pool, p);
}
__attribute__((noinline)) void probed_begin(void) { __asm__ volatile(""); }
__attribute__((noinline)) void probed_end(void) { __asm__ volatile(""); }
static void *first(gfp_t flags, void *data) { static long room[8]; static int given; (void)flags; (void)data; return given++ ? NULL : room; }
static void give(void *element, void *data) { (void)element; (void)data; }
int main(int argc, char **argv)
{
    log_file = fopen(argv[argc - 1], "w");
    if (!log_file) return 1;
    cache = kmem_cache_create("probed", 90, 16, 0, NULL);
    pool = mempool_create(1, first, give, NULL);
    if (!cache || !pool) return 1;
    probed_begin();
    for (int i = 0; i < 3; i++) {
        plain(100, GFP_KERNEL);
        plain(8, GFP_ATOMIC);
        plain(20000, GFP_KERNEL);
        zeroed(3000);
        on_node(200);
        single(GFP_KERNEL);
        single(GFP_ATOMIC | __GFP_ZERO);
        from_pool();
    }
    void *held[40];
    for (int i = 0; i < 40; i++) held[i] = NULL;
    kmem_cache_free_bulk(cache, 40, held);
    fprintf(log_file, "main kmem_cache_free_bulk %p %u %u %u\n", (void *)held, 90, 40, 0);
    bulk(3);
    probed_end();
    return fclose(log_file) ? 1 : 0;
}
END
"${TEST_CC:-cc}" -g -O1 -fno-optimize-sibling-calls -I "$TEST_INCLUDE" "$TEST_TMP/main.c" -o "$TEST_TMP/main" \
    -Wl,--no-as-needed "$TEST_LIB" "-Wl,-rpath,$(dirname "$TEST_LIB")" || exit 1

# The caller by its symbol, then the name and the other arguments as the program prints them.
at() { # NAME FORMAT OF ARGUMENTS FROM THE SECOND ON
    local number=1 word list=
    for word in $2; do list+=", \$_probe_arg$number"; number=$((number + 1)); done
    printf 'break -probe-stap kmem:%s\ncommands\nsilent\ninfo symbol $_probe_arg0\nprintf "%s %s\\n"%s\ncontinue\nend\n' \
        "$1" "$1" "$2" "$list"
}
{
    echo 'set pagination off'
    echo 'set debuginfod enabled off'
    echo 'set breakpoint pending off'
    echo 'break probed_begin'
    echo 'run'
    echo 'delete'
    echo 'break probed_end'
    printf 'commands\nsilent\ndelete\ncontinue\nend\n'
    at kmalloc '%#lx %lu %lu %u'
    at kmalloc_node '%#lx %lu %lu %u %d'
    at kfree '%#lx'
    at kmem_cache_alloc '%#lx %u %u %u'
    at kmem_cache_alloc_node '%#lx %u %u %u %d'
    at kmem_cache_free '%#lx'
    at kmem_cache_alloc_bulk '%#lx %u %lu %u'
    at kmem_cache_free_bulk '%#lx %u %lu %u'
    at mempool_alloc '%#lx %#lx %u'
    at mempool_free '%#lx %#lx'
    echo 'continue'
} >"$TEST_TMP/gdb"
KSLAB_NODES=2 timeout 150 gdb -nx -batch -x "$TEST_TMP/gdb" --args "$TEST_TMP/main" "$TEST_TMP/did" >"$TEST_TMP/said" 2>&1
if grep -qE 'ptrace: Operation not permitted|Could not trace|Cannot create process' "$TEST_TMP/said"; then
    echo "skipped: gdb may not run programs here"
    exit 77
fi
awk '/ in section / {caller = $1; next} caller != "" {print caller, $0; caller = ""}' "$TEST_TMP/said" >"$TEST_TMP/traced"
[ "$(wc -l <"$TEST_TMP/traced")" -ge 40 ] || { echo "few tracepoints fired:" >&2; tail -n 30 "$TEST_TMP/said" >&2; exit 1; }
diff "$TEST_TMP/did" "$TEST_TMP/traced" >&2
