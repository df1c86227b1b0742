// mallinfo2 follows the real heap: bytes in use rise by what is allocated and fall when it is freed.
// forms: preload static
#include "check.h"

static size_t in_use(void)
{
    struct mallinfo2 info = mallinfo2();
    CHECK_SAY(info.arena + info.hblkhd >= info.uordblks, "system bytes %zu + %zu < bytes in use %zu",
              info.arena, info.hblkhd, info.uordblks);
    return info.uordblks + info.hblkhd;
}

static void follows(size_t size, size_t count)
{
    static void *block[100000];
    size_t before = in_use();
    for (size_t i = 0; i < count; i++)
        memset(block[i] = malloc(size), 1, size);
    size_t grown = in_use() - before, wanted = size * count;
    CHECK_SAY(grown >= wanted && grown < wanted * 2 + (256 << 10), "%zu objects of %zu: grown by %zu",
              count, size, grown);
    for (size_t i = 0; i < count; i++)
        free(block[i]);
    size_t after = in_use();
    CHECK_SAY(after < before + wanted / 8 + (256 << 10), "%zu before, %zu after freeing %zu objects of %zu",
              before, after, count, size);
}

int main(void)
{
    follows(24, 100000);
    follows(1000, 20000);
    follows(20000, 1000);
    follows(1 << 20, 50);
    follows(100 << 20, 1);
    return 0;
}
