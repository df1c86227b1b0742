// malloc_usable_size: at least what was asked for, the same for the object's whole life, writable
// to its end without harm to the neighbours, and 0 for NULL.
// forms: preload static
// variant: KSLAB_CLASSES=kmalloc
// variant: KSLAB_CLASSES=fine
// variant: KSLAB_GEOMETRY=kernel
// timeout: 60
#include "check.h"

int main(void)
{
    enum { N = 64 };
    CHECK(malloc_usable_size(NULL) == 0);
    for (size_t size = 0; size < 3000000; size = size < 70 ? size + 1 : size * 9 / 8 + 1) {
        unsigned char *p[N];
        size_t usable[N];
        int count = size < 5000 ? N : 4;
        for (int i = 0; i < count; i++) {
            CHECK((p[i] = malloc(size)));
            usable[i] = malloc_usable_size(p[i]);
            CHECK_SAY(usable[i] >= size, "%zu usable of %zu", usable[i], size);
            memset(p[i], i + 1, usable[i]);
        }
        for (int i = 0; i < count; i++) {
            CHECK(malloc_usable_size(p[i]) == usable[i]);
            CHECK_SAY(all_bytes_are(p[i], i + 1, usable[i]), "size %zu: usable bytes overlap", size);
        }
        for (int i = 0; i < count; i++)
            free(p[i]);
    }
    validate_heap();
    return 0;
}
