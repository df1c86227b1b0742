#!/bin/bash
# Lines are found for a report also when the program has no descriptor 0, 1 and 2 and no descriptor left to open.
# label: full
set -u
tool=$(dirname "$TEST_LIB")/kslab
[ -x "$tool" ] || { echo "no kslab command"; exit 77; }
! "$tool" symbolize </dev/null 2>&1 | grep -q libdw || { echo "built without libdw"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }
cd "$TEST_TMP" || exit 1
cat > demo.c <<'END'
#include <stdlib.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>
static void on_timer(int signal) { (void)signal; }
int main(int argc, char** argv) {
    struct itimerval often = {{0, 500}, {0, 500}};
    signal(SIGALRM, on_timer);
    if (argc > 1 && *argv[1] == 't') setitimer(ITIMER_REAL, &often, 0);
    for (int fd = 0; argc > 1 && *argv[1] == 'c' && fd < 3; fd++) close(fd);
    char* volatile p = malloc(40); /* line 12 */
    p[40] = 0;
    free(p);
    return 5;
}
END
"$TEST_CC" -g -O0 demo.c -o demo || fail "compiler"
for how in closed timer; do
    KSLAB_DEBUG=1 KSLAB_LOG=$PWD/$how LD_PRELOAD=$TEST_LIB ./demo $how
    [ $? = 5 ] || fail "$how: status"
    grep -q '#0 main  *demo.c:12 ' $how || fail "$how: $(cat $how)"
done
# A helper that hangs costs time, not the report.
printf '#!/bin/sh\nsleep 100\n' >hang; chmod +x hang
start=$SECONDS
KSLAB_DEBUG=1 KSLAB_SYMBOLIZER=$PWD/hang LD_PRELOAD=$TEST_LIB ./demo 2>err
[ $? = 5 ] && grep -q '#0 ?? (/' err && [ $((SECONDS - start)) -lt 20 ] || fail "hanging helper: $(cat err)"
