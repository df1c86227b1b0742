#!/bin/bash
# What a function that has returned left on the stack hides no leak, wherever the stack lies in memory.
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
cd "$TEST_TMP" || exit 1
cat > demo.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct node { int v; struct node *next; char name[20]; };
static struct node *make(const char *n) { struct node *x = malloc(sizeof *x); strcpy(x->name, n); x->next = 0; x->v = 1; return x; }
static void leak(void) { for (int i = 0; i < 3; i++) { volatile struct node *n = make("leak"); n = 0; (void)n; } }
int main(int c, char **v)
{
    const char *m = c > 1 ? v[1] : "";
    if (!strcmp(m, "leak")) leak();
    if (!strcmp(m, "none")) return 1;
    puts("end");
    return 0;
}
END
"$TEST_CC" -g -O0 -w demo.c -o demo || exit 1
for i in $(seq 40); do
    said=$(env "PADDING=$(printf '%*s' $((i * 7)) '')" KSLAB_DEBUG=1 LD_PRELOAD="$TEST_LIB" ./demo leak 2>&1 >/dev/null)
    grep -q 'leaked: *120 bytes in 3 objects' <<<"$said" && continue
    echo "run $i: $(grep -i 'leaked' <<<"$said")" >&2
    exit 1
done
