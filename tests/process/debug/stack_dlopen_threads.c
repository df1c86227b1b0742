// Stacks are kept while other threads load and unload libraries: neither waits for the other for ever, whichever way
// kslab finds a library's tables. What is loaded at the old addresses has other code.
// env: KSLAB_DEBUG=1
// reject-stderr: ^BUG
// timeout: 60
// label: full
#define _GNU_SOURCE
#include "check.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static atomic_int stop;

static void *load(void *unused)
{
    static const char *const names[] = {"libm.so.6", "libresolv.so.2", "libutil.so.1", "libanl.so.1", "librt.so.1"};
    for (unsigned i = 0; !stop; i++) {
        void *library = dlopen(names[i % 5], RTLD_NOW);
        if (library != NULL)
            dlclose(library);
        dlsym(RTLD_DEFAULT, "no_such_function");
    }
    return unused;
}

static __attribute__((noinline)) void *deeper(unsigned n)
{
    void *p = n == 0 ? malloc(100) : deeper(n - 1);
    __asm__ volatile("" : "+r"(p));
    return p;
}

static void *allocate(void *unused)
{
    for (unsigned i = 0; !stop; i++) {
        char *p = deeper(i % 20);
        memset(p, 1, 100);
        free(p);
    }
    return unused;
}

int main(void)
{
    pthread_t thread[4];
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&thread[i], NULL, i < 2 ? load : allocate, NULL) == 0);
    sleep(3);
    stop = 1;
    for (int i = 0; i < 4; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    return 0;
}
