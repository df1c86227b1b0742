#!/bin/bash
# KSLAB_LOG: %e and %p in its name, a file for each process that has something to report, nothing on standard error,
# nothing at all before the first finding; closing every descriptor and writing data under all numbers costs neither
# the data nor the log; a log that cannot be opened is said once.
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
cat >"$TEST_TMP/two.c" <<'END'
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static void overflow(int size)
{
    char *p = malloc(size);
    ((volatile char *)p)[size] = 0;
    free(p);
}
int main(void)
{
    overflow(40);
    pid_t child = fork();
    overflow(80);
    if (child == 0)
        exit(0);
    waitpid(child, NULL, 0);
    return 0;
}
END
cat >"$TEST_TMP/closer.c" <<'END'
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
static void overflow(int size)
{
    char *p = malloc(size);
    ((volatile char *)p)[size] = 0;
    free(p);
}
int main(int argc, char **argv)
{
    overflow(40);
    for (int fd = 0; fd < 1024; fd++)
        close(fd);
    int data = open(argv[argc - 1], O_CREAT | O_RDWR, 0600);
    for (int fd = 1; fd < 1024; fd++)
        dup2(data, fd);
    overflow(80);
    _exit(0);
}
END
for name in two closer; do
    "$TEST_CC" -O1 -fno-builtin -o "$TEST_TMP/$name" "$TEST_TMP/$name.c" || exit 1
done
fail() { echo "FAILED: $*"; head -100 "$TEST_TMP"/log.* 2>/dev/null; exit 1; }
run() { env "LD_PRELOAD=$TEST_LIB" KSLAB_DEBUG=FZPU "$@"; }
bugs() { grep -c '^BUG ' "$1"; }

run "KSLAB_LOG=$TEST_TMP/log.%e.%p" "$TEST_TMP/two" 2>"$TEST_TMP/err" || fail "two ended with $?"
[ ! -s "$TEST_TMP/err" ] || fail "standard error: $(cat "$TEST_TMP/err")"
logs=("$TEST_TMP"/log.two.*)
[ ${#logs[@]} = 2 ] || fail "${#logs[@]} logs instead of 2"
[ "$(cat "${logs[@]}" | grep -c '^BUG ')" = 3 ] || fail "not three findings in the logs"
for log in "${logs[@]}"; do
    [ "$(bugs "$log")" -ge 1 ] || fail "$log has no finding"
    ! grep -q "pid ${log##*.})" "$log" || [ "$(grep '^BUG ' "$log" | grep -vc "pid ${log##*.})")" = 0 ] \
        || fail "$log holds findings of another process"
done

run "KSLAB_LOG=$TEST_TMP/log.one" "$TEST_TMP/two" 2>"$TEST_TMP/err" || fail "two ended with $?"
[ "$(bugs "$TEST_TMP/log.one")" = 3 ] || fail "not three findings in the common log"

run "KSLAB_LOG=$TEST_TMP/log.closer" "$TEST_TMP/closer" "$TEST_TMP/data" 2>"$TEST_TMP/err"
[ "$(bugs "$TEST_TMP/log.closer")" = 2 ] || fail "not two findings after all descriptors were closed"
[ -f "$TEST_TMP/data" ] && [ ! -s "$TEST_TMP/data" ] || fail "a report among the data"

run "KSLAB_LOG=$TEST_TMP/log.never" /bin/true || fail "true ended with $?"
[ ! -e "$TEST_TMP/log.never" ] || fail "a log without a finding"

run "KSLAB_LOG=$TEST_TMP/no/such/directory/log" "$TEST_TMP/two" 2>"$TEST_TMP/err" || fail "two ended with $?"
[ "$(bugs "$TEST_TMP/err")" = 3 ] || fail "no reports on standard error when the log cannot be opened"
[ "$(grep -c '^kslab: cannot open the log ' "$TEST_TMP/err")" = 1 ] || fail "not said once that the log cannot be opened"
