# An exit status by KSLAB_EXITCODE: another thread that reads standard input does not keep the process.
# timeout: 30
# label: full
set -eu
cat > "$TEST_TMP/p.c" << 'END'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static void *reads(void *nothing)
{
    char line[100];
    fgets(line, sizeof line, stdin);
    return nothing;
}
int main(void)
{
    pthread_t reader;
    pthread_create(&reader, NULL, reads, NULL);
    usleep(200000);
    char *volatile p = malloc(40);
    p[40] = 1;
    free(p);
    printf("buffered\n");
    return 0;
}
END
"$TEST_CC" -O1 -w -fno-builtin -o "$TEST_TMP/p" "$TEST_TMP/p.c" -pthread
sleep 4 | {
    status=0
    KSLAB_DEBUG=1 KSLAB_EXITCODE=99 LD_PRELOAD=$TEST_LIB timeout 3 "$TEST_TMP/p" > "$TEST_TMP/out" 2> "$TEST_TMP/err" ||
        status=$?
    [ $status = 99 ] || { echo "status $status (124: it hangs at exit)" >&2; exit 1; }
    grep -q buffered "$TEST_TMP/out" || { echo "its output is lost" >&2; exit 1; }
}
