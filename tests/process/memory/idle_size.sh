#!/bin/bash
# A process that does nothing is at most 8 MB larger than with libc's malloc: its address space, and what a core would hold.
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
cat >"$TEST_TMP/main.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void)
{
    char line[256];
    unsigned long size, writable = 0, start, end;
    char mode[8];
    free(malloc(100));
    FILE *status = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, status))
        if (sscanf(line, "VmSize: %lu", &size) == 1)
            break;
    fclose(status);
    FILE *maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, maps))
        if (sscanf(line, "%lx-%lx %7s", &start, &end, mode) == 3 && strcmp(mode, "rw-p") == 0)
            writable += (end - start) / 1024;
    fclose(maps);
    printf("%lu %lu\n", size, writable);
    return 0;
}
END
$TEST_CC -fno-builtin -O1 "$TEST_TMP/main.c" -o "$TEST_TMP/main" || exit 1
read -r size writable < <(env -u LD_PRELOAD "$TEST_TMP/main")
read -r our_size our_writable < <(env LD_PRELOAD="$TEST_LIB" "$TEST_TMP/main" 2>"$TEST_TMP/text")
[ ! -s "$TEST_TMP/text" ] || { echo "it says: $(head -n 1 "$TEST_TMP/text")" >&2; exit 1; }
echo "KiB of libc and with the library: address space $size, $our_size; writable $writable, $our_writable"
[ "$our_size" -le $((size + 8192)) ] || { echo "address space of $our_size KiB, libc's is $size" >&2; exit 1; }
[ "$our_writable" -le $((writable + 8192)) ] || { echo "writable memory of $our_writable KiB, libc's is $writable" >&2; exit 1; }
