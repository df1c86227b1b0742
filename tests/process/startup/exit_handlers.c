// atexit handlers and destructors allocate, resize and free to the very end.
// forms: preload linked static static-pie
// expect-stdout: handlers 3
#include "check.h"

static char *kept;
static int handlers;

static void handler(void)
{
    handlers++;
    for (size_t size = 1; size < 3000000; size *= 4)
        free(malloc(size));
    kept = realloc(kept, 100000);
    CHECK(kept);
}

__attribute__((destructor)) static void last(void)
{
    handler();
    free(kept);
    char *text = NULL;
    CHECK(asprintf(&text, "handlers %d\n", handlers) > 0);
    fputs(text, stdout);
    fflush(stdout);
    free(text);
}

int main(void)
{
    kept = malloc(10);
    CHECK(atexit(handler) == 0 && atexit(handler) == 0);
    return 0;
}
