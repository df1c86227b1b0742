#!/bin/bash
# KSLAB_FORMAT=json: whatever several threads find at once, each line is a JSON object of its own, with the facts.
# needs: tool python3
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
cat >"$TEST_TMP/program.c" <<'END'
#include <pthread.h>
#include <stdlib.h>
static void *misuse(void *unused)
{
    for (int size = 1; size < 100; size++) {
        char *p = malloc(size);
        ((volatile char *)p)[size] = 0;
        free(p);
        ((volatile char *)p)[0] = 'x';
        free(p);
    }
    return unused;
}
int main(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, misuse, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
END
"$TEST_CC" -O1 -fno-builtin -pthread -o "$TEST_TMP/a \"quoted\" name" "$TEST_TMP/program.c" || exit 1
for deduplicated in 1 0; do
    # Without stacks each object counts as a finding of its own.
    letters=FZPUQ
    [ $deduplicated = 1 ] || letters=FZPQ
    env "LD_PRELOAD=$TEST_LIB" KSLAB_DEBUG=$letters KSLAB_FORMAT=json KSLAB_EXITCODE=5 \
        "$TEST_TMP/a \"quoted\" name" 2>"$TEST_TMP/err"
    [ $? = 5 ] || { echo "FAILED: the exit status"; head -5 "$TEST_TMP/err"; exit 1; }
    python3 - "$TEST_TMP/err" <<'END' || exit 1
import json
import sys

lines = [json.loads(line) for line in open(sys.argv[1])]
findings = [line for line in lines if "kind" in line]
summaries = [line["summary"] for line in lines if "summary" in line]
assert len(summaries) == 1 and summaries[0]["errors"] >= len(findings) > 0, summaries
assert len(findings) + 1 == len(lines)
for finding in findings:
    assert finding["program"] == 'a "quoted" name', finding
    assert finding["title"] and finding["message"] and finding["pid"] > 0, finding
overflows = [finding for finding in findings if finding["kind"] == "heap-overflow"]
assert overflows, findings
for finding in overflows:
    assert finding["distance"] == {"from": "end", "bytes": 0}, finding
    assert finding["damage"]["expected"] == "0xcc" and finding["damage"]["found"] == "0x00", finding
    assert 1 <= finding["object"]["requested"] < 100, finding
END
done
