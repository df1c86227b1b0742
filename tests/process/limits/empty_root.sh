#!/bin/bash
# Programs run in a root directory that holds nothing but themselves: no /proc, /sys or /dev.
# needs: root
# needs: tool chroot
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
cat >"$TEST_TMP/main.c" <<'END'
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
extern int kslab_is_active(void);
#pragma weak kslab_is_active
static void *work(void *unused)
{
    for (size_t size = 1; size < 100000000; size *= 2) {
        char *p = calloc(1, size);
        if (!p)
            abort();
        free(realloc(p, size * 2));
    }
    return unused;
}
int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, work, NULL);
    work(NULL);
    pthread_join(thread, NULL);
    return kslab_is_active && kslab_is_active() ? 3 : 4;
}
END
root=$TEST_TMP/root
mkdir "$root"
if [ -f "${TEST_STATIC_LIB:-}" ]; then
    $TEST_CC -fno-builtin -static "$TEST_TMP/main.c" "$TEST_STATIC_LIB" -o "$root/static" || exit 1
    chroot "$root" /static
    [ $? = 3 ] || { echo "the static program failed" >&2; exit 1; }
    rm "$root/static"
fi
$TEST_CC -fno-builtin "$TEST_TMP/main.c" -o "$root/dynamic" -pthread || exit 1
loader=$(readelf -lW "$root/dynamic" | sed -n 's/.*interpreter: \(.*\)\]/\1/p')
cp -L "$loader" "$root/loader"
cp -L "$(ldd "$root/dynamic" | awk '$1 == "libc.so.6" {print $3}')" "$root/"
cp -L "$TEST_LIB" "$root/libkslab.so"
chroot "$root" /loader --library-path / --preload /libkslab.so /dynamic
[ $? = 3 ] || { echo "the dynamic program failed" >&2; exit 1; }
