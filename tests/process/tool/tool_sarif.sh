#!/bin/bash
# kslab symbolize --sarif: JSON lines of a real run become a log of the shape that SARIF 2.1.0 asks for.
# needs: tool python3
set -u
tool=$(dirname "$TEST_LIB")/kslab
[ -x "$tool" ] || { echo "no kslab command"; exit 77; }
! "$tool" symbolize </dev/null 2>&1 | grep -q libdw || { echo "built without libdw"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }

cat > "$TEST_TMP/with blank.c" <<'END'
#include <stdlib.h>
char* volatile kept;
int main(void) {
    char* volatile p = malloc(40); /* line 4 */
    p[40] = 0;
    free(p); /* line 6 */
    free(p); /* line 7 */
    kept = malloc(99);
    kept = 0;
    return 0;
}
END
"$TEST_CC" -g -O0 "$TEST_TMP/with blank.c" -o "$TEST_TMP/demo" || fail "compiler"
"$tool" debug --json --log "$TEST_TMP/log" "$TEST_TMP/demo" || fail "status $?"
"$tool" symbolize --sarif "$TEST_TMP/log" >"$TEST_TMP/sarif" || fail "--sarif: status $?"
python3 - "$TEST_TMP/sarif" <<'END' || exit 1
import json, sys
log = json.load(open(sys.argv[1]))
assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json"), log
[run] = log["runs"]
driver = run["tool"]["driver"]
assert driver["name"] == "kslab" and driver["version"], driver
rules = [rule["id"] for rule in driver["rules"]]
assert rules == ["heap-overflow", "double-free", "leak"], rules
assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
results = run["results"]
assert [result["ruleId"] for result in results] == rules
assert [result["level"] for result in results] == ["error", "error", "warning"]
lines = []
for result in results:
    assert rules[result["ruleIndex"]] == result["ruleId"]
    assert result["message"]["text"]
    [location] = result["locations"]
    place = location["physicalLocation"]
    assert place["artifactLocation"]["uri"].startswith("file:///"), place
    assert place["artifactLocation"]["uri"].endswith("/with%20blank.c"), place
    lines.append(place["region"]["startLine"])
    for stack in result["stacks"]:
        assert stack["message"]["text"] and stack["frames"]
        for frame in stack["frames"]:
            assert set(frame) <= {"location", "module"}, frame
assert lines == [6, 7, 8], lines
assert [s["message"]["text"] for s in results[1]["stacks"]] == ["found by", "freed by", "allocated by"]
names = [f["location"]["logicalLocations"][0]["fullyQualifiedName"] for f in results[0]["stacks"][0]["frames"]]
assert names[0] == "main", names
END
# Nothing found is a log too.
"$tool" symbolize --sarif </dev/null | python3 -c 'import json, sys
run = json.load(sys.stdin)["runs"][0]
assert run["results"] == [] and run["tool"]["driver"]["rules"] == []' || fail "empty log"

# What holds no reports is an error, not a log in which nothing was found; summaries are no results.
"$tool" debug --log "$TEST_TMP/text" "$TEST_TMP/demo"
for file in "$TEST_TMP/text" "$TEST_TMP/with blank.c"; do
    "$tool" symbolize --sarif "$file" >"$TEST_TMP/out" 2>"$TEST_TMP/err"
    [ $? = 2 ] && [ ! -s "$TEST_TMP/out" ] && grep -q 'and there are none$' "$TEST_TMP/err" || fail "--sarif of $file"
done
grep '^{"summary"' "$TEST_TMP/log" | "$tool" symbolize --sarif | grep -q '"results": *\[\]' || fail "a summary alone"
# What is cut off in the middle of a mixed log is no result, and is told.
{ cat "$TEST_TMP/log"; echo; echo 'kslab: text'; echo '{"kind":"double-fr'; } >"$TEST_TMP/mixed"
"$tool" symbolize --sarif "$TEST_TMP/mixed" >"$TEST_TMP/out" 2>"$TEST_TMP/err" && cmp "$TEST_TMP/sarif" "$TEST_TMP/out" || fail "mixed"
[ "$(cat "$TEST_TMP/err")" = 'kslab: symbolize: --sarif leaves out 2 lines that are no report as JSON' ] || fail "$(cat "$TEST_TMP/err")"

# The place is the program's, even where the line in the C library is known.
cat >"$TEST_TMP/two" <<'END'
{"kind":"heap-overflow","title":"t","message":"m","stack":[{"module":"/lib/libc.so.6","offset":"0x1","function":"f","file":"/glibc/f.c","line":1},{"module":"/demo","offset":"0x2","function":"main","file":"/src/demo.c","line":2}]}
{"kind":"heap-overflow","title":"t","message":"m","stack":[{"module":"/lib/libc.so.6","offset":"0x1","function":"f","file":"/glibc/f.c","line":1}]}
END
"$tool" symbolize --sarif "$TEST_TMP/two" | python3 -c 'import json, sys
results = json.load(sys.stdin)["runs"][0]["results"]
assert [r["locations"][0]["physicalLocation"]["region"]["startLine"] for r in results] == [2, 1], results' || fail "place"
