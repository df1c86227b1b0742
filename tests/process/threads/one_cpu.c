// Bound to the last CPU alone, whose number is beyond the count of CPUs that the process may use:
// tables indexed by CPU number must be large enough.
// needs: cpus 2
#include "check.h"
#include <pthread.h>
#include <sched.h>

static void *hammer(void *unused)
{
    for (int i = 0; i < 20000; i++) {
        void *p = malloc((size_t)i % 3000), *q = malloc(20000);
        free(p);
        free(q);
    }
    return unused;
}

int main(int argc, char **argv)
{
    if (argc == 1) {
        // The binding must exist before the process's first allocation.
        cpu_set_t all, last;
        CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
        CPU_ZERO(&last);
        for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--)
            if (CPU_ISSET(cpu, &all)) {
                CPU_SET(cpu, &last);
                break;
            }
        CHECK(sched_setaffinity(0, sizeof last, &last) == 0);
        execl("/proc/self/exe", argv[0], "bound", (char *)NULL);
        _exit(9);
    }
    pthread_t thread[8];
    for (int i = 0; i < 8; i++)
        CHECK(pthread_create(&thread[i], NULL, hammer, NULL) == 0);
    for (int i = 0; i < 8; i++)
        pthread_join(thread[i], NULL);
    validate_heap();
    return 0;
}
