// A library with thread-local storage, a constructor and a destructor that allocate.
#include <stdlib.h>
#include <string.h>

static __thread char local[5000];
static void *kept;

__attribute__((constructor)) static void start(void)
{
    kept = malloc(3000);
    memset(local, 1, sizeof local);
}

__attribute__((destructor)) static void stop(void) { free(kept); }

char *library_text(void)
{
    local[0]++;
    return strdup("allocated by a library that is gone");
}
