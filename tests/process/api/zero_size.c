// A request for nothing gives a unique pointer that can be freed and resized.
// forms: preload static
#include "check.h"

int main(void)
{
    enum { N = 400 };
    static void *all[N];
    for (int i = 0; i < N; i++) {
        switch (i % 6) {
        case 0: all[i] = malloc(0); break;
        case 1: all[i] = calloc(0, 100); break;
        case 2: all[i] = calloc(100, 0); break;
        case 3: all[i] = realloc(NULL, 0); break;
        case 4: all[i] = memalign(64, 0); break;
        case 5: CHECK(posix_memalign(&all[i], 32, 0) == 0); break;
        }
        CHECK_SAY(all[i], "kind %d gave NULL", i % 6);
        for (int j = 0; j < i; j++)
            CHECK_SAY(all[i] != all[j], "kind %d and kind %d got the same pointer", i % 6, j % 6);
    }
    for (int i = 0; i < N; i += 2)
        free(all[i]);
    for (int i = 1; i < N; i += 2) {
        CHECK((all[i] = realloc(all[i], 100)));
        memset(all[i], 1, 100);
        free(all[i]);
    }
    validate_heap();
    return 0;
}
