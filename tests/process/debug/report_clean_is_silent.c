// A correct program under all the checks says nothing at all, and keeps its exit status.
// forms: preload static
// env: KSLAB_DEBUG=1
// expect: exit 3
// reject-stderr: .
#include "check.h"

static void *objects[1000];

int main(void)
{
    for (int i = 0; i < 1000; i++) {
        objects[i] = malloc((size_t)i * 7);
        memset(objects[i], 'x', (size_t)i * 7);
    }
    for (int i = 0; i < 1000; i++)
        objects[i] = realloc(objects[i], (size_t)i * 5 + 1);
    for (int i = 0; i < 1000; i++)
        free(objects[i]);
    return 3;
}
