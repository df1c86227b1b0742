// One thread forks, one reads lines that grow, one flushes all streams: getline allocates with its stream
// locked, fork holds the list of streams, so the allocator's locks must be taken after that list's.
// forms: preload static
// timeout: 60
// label: full
#include "check.h"
#include <pthread.h>
#include <sys/wait.h>

static volatile int stop;

static void *read_lines(void *stream)
{
    while (!stop) {
        char *line = NULL;
        size_t size = 0;
        if (getline(&line, &size, stream) < 0)
            rewind(stream);
        free(line);
    }
    return NULL;
}

static void *flush_all(void *nothing)
{
    while (!stop)
        fflush(NULL);
    return nothing;
}

int main(void)
{
    FILE *stream = tmpfile();
    CHECK(stream);
    for (int i = 0; i < 20; i++) {
        for (int j = 0; j < 90000 + i * 1000; j++)
            fputc('a', stream);
        fputc('\n', stream);
    }
    rewind(stream);
    pthread_t reader, flusher;
    CHECK(pthread_create(&reader, NULL, read_lines, stream) == 0);
    CHECK(pthread_create(&flusher, NULL, flush_all, NULL) == 0);
    for (int i = 0; i < 60; i++) { // each waits long for the list of streams, with any malloc
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0)
            _exit(0);
        int status;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    stop = 1;
    pthread_join(reader, NULL);
    pthread_join(flusher, NULL);
    return 0;
}
