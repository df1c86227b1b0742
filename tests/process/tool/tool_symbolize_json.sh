#!/bin/bash
# kslab symbolize on JSON lines: frames get members, everything else stays to the byte; a second pass changes nothing.
# needs: tool python3
set -u
tool=$(dirname "$TEST_LIB")/kslab
[ -x "$tool" ] || { echo "no kslab command"; exit 77; }
! "$tool" symbolize </dev/null 2>&1 | grep -q libdw || { echo "built without libdw"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }
cd "$TEST_TMP" || exit 1
mkdir 'q"uote'
cat > 'q"uote/demo.cpp' <<'END'
#include <cstdlib>
void* volatile kept;
static inline __attribute__((always_inline)) void get(int n) {
    kept = std::malloc(n);  // line 4
}
__attribute__((noinline)) void lose(int n) {
    get(n);  // line 7
    kept = nullptr;
}
int main() {
    lose(40);  // line 11
}
END
"$TEST_CXX" -g -O1 -fno-builtin 'q"uote/demo.cpp' -o 'q"uote/demo' || fail "compiler"
"$tool" debug --json --log log 'q"uote/demo' || fail "status $?"
"$tool" symbolize log >resolved || fail "symbolize: status $?"
"$tool" symbolize resolved | cmp - resolved || fail "a second pass changes something"
python3 - <<'END' || exit 1
import json
before, after = ([json.loads(line) for line in open(name)] for name in ("log", "resolved"))
def strip(value):
    if isinstance(value, list):
        return [strip(item) for item in value]
    if isinstance(value, dict):
        known = ("function", "file", "line", "inlined") if "module" in value else ()
        return {key: strip(item) for key, item in value.items() if key not in known}
    return value
assert before == [strip(line) for line in after]
[leak] = [line for line in after if line.get("kind") == "leak"]
frames = leak["allocated"]["stack"]
assert frames[0]["function"].startswith("get") and frames[0]["line"] == 4, frames[0]
assert frames[0]["file"].endswith('/q"uote/demo.cpp'), frames[0]
[outer] = frames[0]["inlined"]
assert outer["function"] == "lose(int)" and outer["line"] == 7, outer
assert frames[1]["function"] == "main" and frames[1]["line"] == 11 and "inlined" not in frames[1], frames[1]
END
