// free() keeps errno also where its munmap or madvise fails: the table of mappings is full, so that
// cutting a hole into a mapping is refused with ENOMEM.
// needs: memory 512
#include "check.h"
#include <sys/mman.h>

int main(void)
{
    enum { BLOCKS = 400 };
    void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        CHECK((blocks[i] = malloc(1 << 20)));
        memset(blocks[i], 1, 1 << 20);
    }
    // Alternating protections cannot be merged: every page becomes a mapping of its own.
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *strip = mmap(NULL, page << 17, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(strip != MAP_FAILED);
    size_t at = 0;
    while (at < 1 << 17 && mprotect(strip + at * page, page, PROT_READ) == 0)
        at += 2;
    if (at >= 1 << 17)
        skip("the table of mappings does not fill up");
    for (int i = 0; i < BLOCKS; i += 2) {
        errno = 4711;
        free(blocks[i]);
        CHECK_SAY(errno == 4711, "errno %d after free number %d", errno, i);
    }
    // And the heap still works while no mapping can be added.
    void *small[100];
    for (int i = 0; i < 100; i++)
        small[i] = malloc(200);
    for (int i = 0; i < 100; i++)
        free(small[i]);
    for (int i = 1; i < BLOCKS; i += 2) {
        errno = 4711;
        free(blocks[i]);
        CHECK(errno == 4711);
    }
    munmap(strip, page << 17);
    validate_heap();
    return 0;
}
