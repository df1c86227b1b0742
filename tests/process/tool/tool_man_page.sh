#!/bin/bash
# kslab(1) tells of every option that kslab COMMAND --help tells of; and that tells of the exit status.
set -u
tool=$(dirname "$TEST_LIB")/kslab
page=$TEST_SOURCE_DIR/../../src/tools/man/kslab.1
[ -x "$tool" ] || { echo "no kslab command"; exit 77; }
count=0
for command in run debug fail symbolize slabinfo tune; do
    "$tool" $command --help | grep -q '^exit status: ' || { echo "kslab $command --help does not tell of the exit status" >&2; exit 1; }
    for option in $("$tool" $command --help | sed -n 's/^  \(-[a-z-]*\).*/\1/p'); do
        [ "$option" != --help ] || continue
        count=$((count + 1))
        grep -qF -- "${option//-/\\-}" "$page" || { echo "kslab(1) does not tell of $command $option" >&2; exit 1; }
    done
done
[ $count -gt 15 ] || { echo "only $count options in the help" >&2; exit 1; }
