// A vfork child that allocates and frees before exec changes its parent's heap, which waits: legal
// enough that programs do it, and the heap stays whole.
// forms: preload static
#include "check.h"
#include <sys/wait.h>

int main(void)
{
    for (volatile int round = 0; round < 200; round = round + 1) {
        void *volatile kept = malloc(500);
        pid_t child = vfork();
        if (child == 0) {
            free(kept);
            kept = malloc(1000);
            for (size_t size = 1; size < 1000000; size *= 4)
                free(malloc(size));
            _exit(3);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 3);
        free(kept);
    }
    validate_heap();
    return 0;
}
