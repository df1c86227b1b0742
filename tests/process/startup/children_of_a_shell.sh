#!/bin/bash
# A preload that a shell inherits reaches pipelines, subshells and what they run; nothing is added
# to their output and no exit status changes.
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
# shellcheck disable=SC2016  # the inner shell shall expand it
work='set -o pipefail
for i in 1 2 3; do (echo "$i"; echo text) | sort | tr a-z A-Z | grep -c TEXT; done
seq 20000 | awk "{ s += \$1 } END { print s }"
ls / | head -n 1 >/dev/null
x=$(cat /etc/passwd | wc -l); [ "$x" -gt 0 ]
false; echo "status $?"
sh -c "exit 7"; echo "status $?"
sh -c "kill -TERM \$\$"; echo "status $?"'
plain=$(bash -c "$work" 2>&1)
status=$?
ours=$(LD_PRELOAD=$TEST_LIB bash -c "$work" 2>&1)
[ $? = $status ] || { echo "another exit status" >&2; exit 1; }
[ "$plain" = "$ours" ] || { diff <(echo "$plain") <(echo "$ours") >&2; exit 1; }
