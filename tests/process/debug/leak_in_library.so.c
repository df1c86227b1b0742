#include <stdlib.h>

static void *kept;
static __thread void *local;

int keep_and_lose(void)
{
    void *volatile lost = malloc(300);
    int got = lost != NULL;
    lost = NULL;
    kept = malloc(301);
    local = malloc(302);
    return got && kept && local;
}
int still_kept(void)
{
    return kept != NULL && local != NULL;
}
