/* kslab's own interface in the steady state: between measure_begin and measure_end no array runs empty or full. With
 * KSLAB_INLINE the same loops are inlined. count_api.py counts what callgrind sees between the two. */
#include <stdio.h>
#include <string.h>

#include <kslab/kmalloc.h>
#include <kslab/kmem_cache.h>

enum { ITERATIONS = 960, MOST = 64 };

/* Names that callgrind can find. */
__attribute__((noinline)) void measure_begin(void) { __asm__ volatile(""); }
__attribute__((noinline)) void measure_end(void) { __asm__ volatile(""); }

static void *objects[MOST];

/* An opaque pointer: the compiler must not know that it is not null, nor what lies behind it. */
#define OPAQUE(p) __asm__ volatile("" : "+r"(p) : : "memory")

__attribute__((noinline)) void loop_empty(struct kmem_cache *cache, int iterations) {
    for (int i = 0; i < iterations; i++) {
        void *object = cache;
        OPAQUE(object);
    }
}

__attribute__((noinline)) void loop_cache(struct kmem_cache *cache, int iterations) {
    for (int i = 0; i < iterations; i++) {
        void *object = kmem_cache_alloc(cache, GFP_KERNEL);
        OPAQUE(object);
        kmem_cache_free(cache, object);
    }
}

__attribute__((noinline)) void loop_kmalloc(struct kmem_cache *cache, int iterations) {
    (void)cache;
    for (int i = 0; i < iterations; i++) {
        void *object = kmalloc(100, GFP_KERNEL);
        OPAQUE(object);
        kfree(object);
    }
}

static void bulk(struct kmem_cache *cache, int iterations, size_t count) {
    for (int i = 0; i < iterations; i += (int)count) {
        if (kmem_cache_alloc_bulk(cache, GFP_KERNEL, count, objects) != (int)count) __builtin_trap();
        kmem_cache_free_bulk(cache, count, objects);
    }
}
__attribute__((noinline)) void loop_bulk16(struct kmem_cache *cache, int iterations) { bulk(cache, iterations, 16); }
__attribute__((noinline)) void loop_bulk64(struct kmem_cache *cache, int iterations) { bulk(cache, iterations, 64); }

/* Until the thread's arrays are as large as they get. */
static void warm_up(struct kmem_cache *cache) {
    for (int round = 0; round < 100; round++) {
        void *held[2 * MOST];
        for (int i = 0; i < 2 * MOST; i++) held[i] = kmem_cache_alloc(cache, GFP_KERNEL);
        for (int i = 0; i < 2 * MOST; i++) kmem_cache_free(cache, held[i]);
    }
    for (int round = 0; round < 4; round++) bulk(cache, MOST, MOST);
}

int main(void) {
    static const struct {
        const char *name;
        void (*run)(struct kmem_cache *cache, int iterations);
    } loops[] = {{"loop_empty", loop_empty},   {"loop_cache", loop_cache},   {"loop_bulk16", loop_bulk16},
                 {"loop_bulk64", loop_bulk64}, {"loop_kmalloc", loop_kmalloc}};
    struct kmem_cache *cache = kmem_cache_create("instructions", 64, 0, 0, NULL);
    if (cache == NULL) return 1;
    warm_up(cache);
    for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
        loops[i].run(cache, ITERATIONS);
        measure_begin();
        loops[i].run(cache, ITERATIONS);
        measure_end();
        /* The order of the dumps. */
        printf("%s %d\n", loops[i].name, ITERATIONS);
    }
    kmem_cache_destroy(cache);
    return 0;
}
