// Tools call __libc_freeres at the end of a process, which frees what libc allocated in its life.
// link: -ldl
#include "check.h"
#include <dlfcn.h>

int main(void)
{
    fprintf(stdout, "fill the buffers %d\n", 1);
    setenv("A_NEW_NAME", "value", 1);
    free(strdup(getenv("A_NEW_NAME")));
    dlerror();
    dlsym(RTLD_DEFAULT, "no such name");
    fflush(stdout);
    void (*freeres)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "__libc_freeres");
    if (!freeres)
        skip("no __libc_freeres");
    freeres();
    validate_heap();
    return 0;
}
