// calloc's memory is zero after every kind of reuse: each class and each run length is filled,
// freed, and taken again, also after trimming, also from another thread.
// forms: preload static
// variant: KSLAB_CLASSES=kmalloc
// variant: KSLAB_CLASSES=fine
// variant: KSLAB_GEOMETRY=kernel
// timeout: 60
// label: full
#include "check.h"
#include <pthread.h>

static void dirty(size_t size)
{
    enum { N = 200 };
    void *p[N];
    int count = size > 100000 ? 4 : N;
    for (int i = 0; i < count; i++) {
        CHECK((p[i] = malloc(size)));
        memset(p[i], 0xee, malloc_usable_size(p[i]));
    }
    for (int i = 0; i < count; i++)
        free(p[i]);
}

static void zeroed(size_t size)
{
    enum { N = 250 };
    unsigned char *p[N];
    int count = size > 100000 ? 5 : N;
    for (int i = 0; i < count; i++) {
        p[i] = i % 2 ? calloc(1, size) : calloc(size, 1);
        CHECK_SAY(p[i] && all_bytes_are(p[i], 0, size), "calloc of %zu is not zero", size);
        memset(p[i], 0xdd, size);
    }
    for (int i = 0; i < count; i++)
        free(p[i]);
}

static void *zeroed_thread(void *size)
{
    zeroed(*(size_t *)size);
    return NULL;
}

int main(void)
{
    for (size_t size = 1; size < 5000000; size = size < 2048 ? size + 16 : size * 5 / 4) {
        dirty(size);
        zeroed(size);
        dirty(size);
        malloc_trim(0);
        zeroed(size);
        if (size % 3)
            continue;
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, zeroed_thread, &size) == 0);
        pthread_join(thread, NULL);
    }
    validate_heap();
    return 0;
}
