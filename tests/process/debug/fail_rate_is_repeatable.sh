# One in ten fails, with the same seed the same ones, with another seed others.
set -eu
cat > "$TEST_TMP/p.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
int main(void)
{
    for (int i = 0; i < 2000; i++) {
        void *volatile p = malloc(40);
        if (p == NULL) printf("%d\n", i);
        free(p);
    }
    return 0;
}
END
"$TEST_CC" -O1 -o "$TEST_TMP/p" "$TEST_TMP/p.c"
failures() { KSLAB_FAIL=size:40,rate:10,seed:$1 LD_PRELOAD=$TEST_LIB "$TEST_TMP/p"; }
first=$(failures 1) again=$(failures 1) other=$(failures 2)
[ "$first" = "$again" ] || { echo "the same seed gave other failures"; exit 1; }
[ "$first" != "$other" ] || { echo "another seed gave the same failures"; exit 1; }
count=$(wc -l <<< "$first")
[ "$count" -gt 120 ] && [ "$count" -lt 280 ] || { echo "$count of 2000 failed"; exit 1; }
