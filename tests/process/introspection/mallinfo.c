// The old mallinfo with its int fields exists and agrees with mallinfo2 as far as ints reach.
// cflags: -Wno-deprecated-declarations
#include "check.h"

int main(void)
{
    enum { N = 2000 };
    static void *block[N];
    for (int i = 0; i < N; i++)
        block[i] = malloc(5000);
    struct mallinfo old = mallinfo();
    struct mallinfo2 new = mallinfo2();
    CHECK_SAY((unsigned)old.uordblks + (unsigned)old.hblkhd >= N * 5000u, "in use: %d", old.uordblks);
    CHECK((size_t)old.uordblks == new.uordblks && (size_t)old.arena == new.arena);
    CHECK((size_t)old.hblkhd == new.hblkhd && (size_t)old.fordblks == new.fordblks);
    for (int i = 0; i < N; i++)
        free(block[i]);
    return 0;
}
