// Hundreds of thousands of guarded objects, and not a mapping for each: the process stays far below
// vm.max_map_count, and its own mmap and mprotect work.
//
// env: KSLAB_DEBUG=G
// needs: memory 3000
// reject-stderr: ^BUG
// timeout: 60
// label: full
#include <sys/mman.h>
#include <sys/utsname.h>

#include "check.h"

static size_t count_mappings(void)
{
    size_t lines = 0;
    char buffer[4096];
    int file = open("/proc/self/maps", O_RDONLY);
    CHECK(file >= 0);
    for (ssize_t got; (got = read(file, buffer, sizeof buffer)) > 0;)
        for (ssize_t i = 0; i < got; i++)
            lines += buffer[i] == '\n';
    close(file);
    return lines;
}

int main(void)
{
    struct utsname kernel;
    int major = 0, minor = 0;
    CHECK(uname(&kernel) == 0 && sscanf(kernel.release, "%d.%d", &major, &minor) == 2);
    enum { kObjects = 200000 };
    static char *objects[kObjects];
    for (int i = 0; i < kObjects; i++) {
        objects[i] = malloc(24);
        CHECK(objects[i] != NULL);
        memset(objects[i], i, 24);
    }
    size_t mappings = count_mappings();
    CHECK_SAY(mappings < (major > 6 || (major == 6 && minor >= 13) ? 1000u : 40000u), "%zu mappings", mappings);
    char *page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED && mprotect(page + 4096, 4096, PROT_NONE) == 0);
    for (int i = 0; i < kObjects; i++) {
        CHECK(objects[i][23] == (char)i);
        free(objects[i]);
    }
    return 0;
}
