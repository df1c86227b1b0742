#!/bin/bash
# Programs that know nothing of groups do the same with KSLAB_GROUPS=modules, and the table names their libraries.
# needs: tool python3
# needs: tool git
set -eu
cd "$TEST_TMP"
fail() { echo "FAILED: $*"; exit 1; }
export PATH=/usr/bin:/bin:$PATH GIT_CONFIG_NOSYSTEM=1 HOME=$TEST_TMP GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@b \
    GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@d GIT_AUTHOR_DATE=2020-01-01T00:00:00Z GIT_COMMITTER_DATE=2020-01-01T00:00:00Z

work() {
    PYTHONHASHSEED=0 python3 - <<'PYTHON'
import json, re, threading, zlib
def run(seed, out):
    words = [str((seed * i * 7919) % 1000003) for i in range(20000)]
    packed = zlib.compress(json.dumps(words).encode())
    out[seed] = (len(packed), zlib.crc32(packed), len(re.findall("77", " ".join(words))))
out = {}
threads = [threading.Thread(target=run, args=(n, out)) for n in range(1, 5)]
for t in threads: t.start()
for t in threads: t.join()
print(sorted(out.items()))
PYTHON
    rm -rf repository
    git init -q -b main repository
    seq 20000 >repository/numbers
    git -C repository add . && git -C repository commit -q -m first
    seq 1 3 20000 >repository/numbers
    git -C repository commit -q -a -m second
    git -C repository gc -q
    git -C repository log --stat --format=%H
    git -C repository fsck 2>&1
}

work >expected
export KSLAB_GROUPS=modules KSLAB_LOG=$TEST_TMP/table.%e.%p LD_PRELOAD=$TEST_LIB
work >got
unset LD_PRELOAD
cmp expected got || fail "the output differs"
cat table.python3* >python
cat table.git* >git
for library in libc.so.6 libz.so; do
    grep -q "^$library" python git || fail "$library is in no table"
done
grep -Eq '^git +[0-9]+ +[0-9]+ +[1-9]' git || fail "git is not in its table"
grep -Eq '^python3[0-9.]* +[0-9]+ +[0-9]+ +[1-9]' python || fail "python3 is not in its table"
exit 0
