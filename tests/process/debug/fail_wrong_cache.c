// A name in KSLAB_FAIL that looks like a size class and is none: one line, with the right one. What may be a cache of the
// program's own is left alone.
// env: KSLAB_FAIL=nth:1000000,cache:kmalloc-65,cache:my_cache
// expect-stderr: ^kslab: KSLAB_FAIL: no size class is called kmalloc-65; objects of 65 bytes are in kmalloc-80$
#include <stdlib.h>

int main(void) {
    free(malloc(10));
    return 0;
}
