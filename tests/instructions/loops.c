/* Pairs of malloc and free in the steady state: between measure_begin and measure_end no array runs empty or
 * full. count.py counts what callgrind sees between the two. */
#include <stdio.h>
#include <stdlib.h>

enum { ITERATIONS = 1000, DEPTH = 8 };

/* Names that callgrind can find. */
__attribute__((noinline)) void measure_begin(void) { __asm__ volatile(""); }
__attribute__((noinline)) void measure_end(void) { __asm__ volatile(""); }

static void pairs(size_t size, int depth, int iterations) {
    void *object[DEPTH];
    for (int i = 0; i < iterations / depth; i++) {
        for (int j = 0; j < depth; j++) {
            object[j] = malloc(size);
            __asm__ volatile("" : : "g"(object[j]) : "memory");
        }
        for (int j = 0; j < depth; j++) free(object[j]);
    }
}

int main(void) {
    static const size_t sizes[] = {0, 1, 16, 24, 100, 256, 1000, 4096, 8192};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int many = 0; many < 2; many++) {
            /* Arrays of objects beyond a page hold few. */
            int depth = many == 0 ? 1 : sizes[i] > 4096 ? 2 : DEPTH;
            pairs(sizes[i], depth, 400);
            measure_begin();
            pairs(sizes[i], depth, ITERATIONS);
            measure_end();
            /* The order of the dumps. */
            printf("%zu %d %d\n", sizes[i], depth, ITERATIONS);
        }
    return 0;
}
