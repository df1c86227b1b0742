// KSLAB_LEAKS=live lists all live blocks at exit by where they were allocated, the largest sum first; that is no
// finding. What kslab itself loads is not among them.
// env: KSLAB_DEBUG=FZPUQ KSLAB_LEAKS=live
// expect-stderr: ^live objects: 11 objects, 3012340 bytes, by allocation stack$
// expect-stderr: ^kmalloc-[0-9]+: 10 objects, 12340 bytes, by malloc$
// expect-stderr: ^kmalloc-large: 1 object, 3000000 bytes, by calloc$
// reject-stderr: BUG
#include "leak.h"

void *kept[11];

int main(void)
{
    for (int i = 0; i < 10; i++)
        kept[i] = malloc(1234);
    kept[10] = calloc(3, 1000000);
    return kept[10] == NULL;
}
