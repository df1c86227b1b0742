// The neighbour: it looks up the next definition on every call, and allocates around it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>

static int calls;
static void *kept;

int neighbour_calls(void) { return calls; }

static void *next(const char *name)
{
    calls++;
    free(malloc(64));
    return dlsym(RTLD_NEXT, name);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    int mode = va_arg(arguments, int);
    va_end(arguments);
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))next("open");
    return real(path, flags, mode);
}

ssize_t read(int fd, void *buffer, size_t size)
{
    ssize_t (*real)(int, void *, size_t) = (ssize_t(*)(int, void *, size_t))next("read");
    return real(fd, buffer, size);
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    void *(*real)(void *, size_t, int, int, int, off_t) =
        (void *(*)(void *, size_t, int, int, int, off_t))next("mmap");
    return real(address, size, protection, flags, fd, offset);
}

__attribute__((constructor)) static void start(void)
{
    kept = malloc(100000);
    memset(kept, 1, 100000);
    // An unknown name makes dlsym allocate its error message.
    dlsym(RTLD_DEFAULT, "no_such_name_anywhere");
    dlerror();
}

__attribute__((destructor)) static void stop(void)
{
    free(kept);
    free(malloc(1000));
}
