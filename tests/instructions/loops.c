/* Pairs of malloc and free, and of what is like them, in the steady state: between measure_begin and measure_end no array runs
 * empty or full. count.py counts what callgrind sees between the two. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

enum { ITERATIONS = 1000, DEPTH = 8 };

/* Names that callgrind can find. */
__attribute__((noinline)) void measure_begin(void) { __asm__ volatile(""); }
__attribute__((noinline)) void measure_end(void) { __asm__ volatile(""); }

static void *seen(void *object) {
    __asm__ volatile("" : : "g"(object) : "memory");
    return object;
}

static void *plain(size_t size) { return malloc(size); }
static void *aligned(size_t size) { return memalign(64, size); }
static void *cleared(size_t size) { return calloc(1, size); }
static void *grown(size_t size) { return realloc(seen(malloc(size)), 3 * size); }

static void pairs(void *(*get)(size_t), size_t size, int depth, int iterations) {
    void *object[DEPTH];
    for (int i = 0; i < iterations / depth; i++) {
        for (int j = 0; j < depth; j++) object[j] = seen(get(size));
        for (int j = 0; j < depth; j++) free(object[j]);
    }
}

/* The size of one object, as often. */
static void asked(size_t size, int iterations) {
    void *object = seen(malloc(size));
    for (int i = 0; i < iterations; i++) seen((void *)malloc_usable_size(object));
    free(object);
}

static void measure(const char *name, void *(*get)(size_t), size_t size, int depth) {
    for (int measured = 0; measured < 2; measured++) {
        if (measured) measure_begin();
        if (get)
            pairs(get, size, depth, measured ? ITERATIONS : 400);
        else
            asked(size, ITERATIONS);
    }
    measure_end();
    /* The order of the dumps. */
    printf("%s %zu %d %d\n", name, size, depth, ITERATIONS);
}

int main(void) {
    static const size_t sizes[] = {0, 1, 16, 24, 100, 256, 1000, 4096, 8192};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int many = 0; many < 2; many++)
            /* Arrays of objects beyond a page hold few. */
            measure("pairs", plain, sizes[i], many == 0 ? 1 : sizes[i] > 4096 ? 2 : DEPTH);
    measure("large", plain, 65536, 1);
    measure("aligned", aligned, 200, DEPTH);
    measure("cleared", cleared, 100, DEPTH);
    measure("grown", grown, 40, DEPTH);
    measure("asked", NULL, 40, 1);
    return 0;
}
