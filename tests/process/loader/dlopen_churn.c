// Libraries come and go while threads allocate: the loader allocates under its own lock, and what it
// allocates for a library is freed when it goes.
// link: -ldl
#include "check.h"
#include <dlfcn.h>
#include <pthread.h>

static int stop;

static void *hammer(void *seed)
{
    uint64_t state = (uintptr_t)seed;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        void *p[20];
        for (int i = 0; i < 20; i++)
            p[i] = malloc(next_random(&state) % 5000);
        for (int i = 0; i < 20; i++)
            free(p[i]);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread[3];
    for (uintptr_t i = 0; i < 3; i++)
        CHECK(pthread_create(&thread[i], NULL, hammer, (void *)(i + 1)) == 0);
    for (int round = 0; round < 300; round++) {
        void *library = dlopen(getenv("TEST_SO"), RTLD_NOW);
        CHECK_SAY(library, "%s", dlerror());
        char *(*text)(void) = (char *(*)(void))dlsym(library, "library_text");
        char *p = text();
        CHECK(dlclose(library) == 0);
        CHECK(strcmp(p, "allocated by a library that is gone") == 0);
        free(p);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    validate_heap();
    return 0;
}
