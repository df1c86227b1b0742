// Options come from the environment that the process started with: what the program sets later, or
// takes away, concerns its children only.
// forms: preload static
// env: KSLAB_REALLOC_ZERO=alloc
#include "check.h"

static void before_all(void)
{
    clearenv();
    setenv("KSLAB_REALLOC_ZERO", "free", 1);
}

__attribute__((section(".preinit_array"), used)) static void (*entry)(void) = before_all;

int main(void)
{
    void *p = realloc(malloc(100), 0);
    CHECK(p);
    free(p);
    return 0;
}
