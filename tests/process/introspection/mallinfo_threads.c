// The figures count what every thread holds, and what threads that have ended left behind.
#include "check.h"
#include <pthread.h>

enum { THREADS = 8, BLOCKS = 1000, SIZE = 4000 };
static void *block[THREADS][BLOCKS];

static void *allocate(void *row)
{
    void **mine = row;
    for (int i = 0; i < BLOCKS; i++)
        memset(mine[i] = malloc(SIZE), 1, SIZE);
    return NULL;
}

static size_t in_use(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

int main(void)
{
    pthread_t thread[THREADS];
    size_t before = in_use(), wanted = (size_t)THREADS * BLOCKS * SIZE;
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, allocate, block[i]) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    size_t grown = in_use() - before;
    CHECK_SAY(grown >= wanted && grown < wanted * 2, "%zu bytes more in use, %zu allocated", grown, wanted);
    for (int i = 0; i < THREADS; i++)
        for (int j = 0; j < BLOCKS; j++)
            free(block[i][j]);
    size_t after = in_use();
    CHECK_SAY(after < before + wanted / 8, "%zu before, %zu after", before, after);
    return 0;
}
