// A block larger than memory and swap together is refused where the kernel's heuristic refuses it:
// with MAP_NORESERVE everything would "succeed", and programs that probe for memory get killed.
#include "check.h"
#include <sys/mman.h>

int main(void)
{
    int fd = open("/proc/sys/vm/overcommit_memory", O_RDONLY);
    char mode = '?';
    if (fd < 0 || read(fd, &mode, 1) != 1 || mode != '0')
        skip("the kernel's overcommit heuristic is not in use");
    for (int bit = 30; bit < 47; bit++) {
        size_t size = (size_t)1 << bit;
        void *probe = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (probe != MAP_FAILED)
            munmap(probe, size);
        void *p = malloc(hide_size(size));
        CHECK_SAY(!p == (probe == MAP_FAILED), "2^%d: the kernel says %s, malloc %s", bit,
                  probe == MAP_FAILED ? "no" : "yes", p ? "yes" : "no");
        free(p);
    }
    return 0;
}
