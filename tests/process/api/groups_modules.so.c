// A module that allocates in every way that C knows, and counts what it got.
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER 400

void *_Znwm(size_t) __attribute__((weak));

static void *kept[NUMBER];

// The call must return here.
#define KEEP(index, call)                                          \
    do {                                                           \
        kept[index] = (call);                                      \
        if (!kept[index])                                          \
            return 0;                                              \
        memset(kept[index], index, malloc_usable_size(kept[index])); \
        sum += malloc_usable_size(kept[index]);                    \
    } while (0)

// The bytes that they occupy.
size_t module_allocate(size_t scale)
{
    size_t sum = 0;
    for (size_t i = 0; i < NUMBER; i += 10) {
        size_t size = i * scale + 1;
        KEEP(i, malloc(size));
        KEEP(i + 1, calloc(size, 3));
        KEEP(i + 2, realloc(NULL, size));
        KEEP(i + 3, realloc(malloc(size), size * 5));
        KEEP(i + 4, memalign(256, size));
        KEEP(i + 5, aligned_alloc(64, size));
        KEEP(i + 6, (posix_memalign(&kept[i + 6], 64, size), kept[i + 6]));
        KEEP(i + 7, valloc(size));
        KEEP(i + 8, reallocarray(NULL, size, 2));
        KEEP(i + 9, _Znwm ? _Znwm(size) : malloc(size));
    }
    return sum;
}

void module_free(void)
{
    for (size_t i = 0; i < NUMBER; i++)
        free(kept[i]);
}
