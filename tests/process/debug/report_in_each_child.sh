# A child forked amid other threads' reports makes its own: each of them.
# timeout: 60
set -eu
cat > "$TEST_TMP/p.c" << 'END'
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static volatile int stop;
static void *twice(void *nothing)
{
    while (!stop) {
        char *volatile p = malloc(40);
        free(p);
        free(p);
    }
    return nothing;
}
int main(void)
{
    pthread_t threads[12];
    for (int i = 0; i < 12; i++)
        pthread_create(&threads[i], NULL, twice, NULL);
    for (int i = 0; i < 60; i++) {
        pid_t child = fork();
        if (child == 0) {
            char *volatile q = malloc(70);
            free(q);
            free(q);
            _exit(0);
        }
        waitpid(child, NULL, 0);
    }
    stop = 1;
    for (int i = 0; i < 12; i++)
        pthread_join(threads[i], NULL);
}
END
"$TEST_CC" -O1 -w -fno-builtin -o "$TEST_TMP/p" "$TEST_TMP/p.c" -pthread
KSLAB_DEBUG=FZPUQ KSLAB_SYMBOLIZER=none KSLAB_LOG="$TEST_TMP/log.%p" LD_PRELOAD=$TEST_LIB "$TEST_TMP/p"
children=$(grep -l '70-byte object' "$TEST_TMP"/log.* | wc -l)
[ "$children" = 60 ] || { echo "$children of 60 children reported their double free" >&2; exit 1; }
