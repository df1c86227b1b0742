// Who aborts looks at the heap, while other threads stand still in the middle of malloc for good, as for a collector that stops
// the world; and on a page of the heap that the program took away. It dies by SIGABRT all the same, and soon.
// env: KSLAB_DEBUG=FZPU
// args: stopped
// args: protected
// timeout: 60
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void stand_still(int signal)
{
    (void)signal;
    for (;;)
        pause();
}

static void *work(void *unused)
{
    for (;;)
        free(malloc(100));
    return unused;
}

static void stop_others_and_abort(void)
{
    pthread_t threads[4];
    signal(SIGUSR1, stand_still);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
    usleep(5000);
    for (int i = 0; i < 4; i++)
        pthread_kill(threads[i], SIGUSR1);
    usleep(5000);
    abort();
}

static void take_page_away_and_abort(void)
{
    char *page = aligned_alloc(4096, 4000);
    CHECK(page != NULL && mprotect(page, 4096, PROT_NONE) == 0);
    abort();
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    for (int round = 0; round < 4; round++) {
        pid_t child = fork();
        if (child == 0) {
            close_range(2, ~0U, 0);  // some say that the heap is not checked
            if (strcmp(argv[1], "stopped") == 0)
                stop_others_and_abort();
            take_page_away_and_abort();
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
    _exit(0);
}
