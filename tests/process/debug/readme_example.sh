# timeout: 60
# The example of README.md: its report is what kslab prints, but for addresses, numbers of processes and offsets.
set -eu
root=$TEST_SOURCE_DIR/../..
"$TEST_CC" -g -O1 -w -o "$TEST_TMP/order" "$root/tests/examples/order.c"
KSLAB_DEBUG=1 LD_PRELOAD=$TEST_LIB "$TEST_TMP/order" > "$TEST_TMP/out" 2> "$TEST_TMP/report"
masked() { sed -E 's/0x[0-9a-f]+/0x/g; s/pid [0-9]+/pid/; s/thread [0-9]+/thread/; s/objects=.*//; s/ *\([^ ]*\+0x\)/ ()/; s/, [0-9]+ ms ago//'; }
masked < "$TEST_TMP/report" > "$TEST_TMP/masked"
compared=0
while IFS= read -r line; do
    case $line in
        '```') [ $compared = 0 ] || break ;;
        *...*) ;;
        *)
            grep -qxF -- "$(masked <<< "$line")" "$TEST_TMP/masked" || { echo "not printed: $line" >&2; exit 1; }
            compared=$((compared + 1))
            ;;
    esac
done < <(sed -n '/^=====.*====$/,/^```$/p' "$root/README.md")
[ $compared -ge 10 ] || { echo "README.md shows $compared lines of a report" >&2; exit 1; }
# And the fix.
sed 's/malloc(strlen(customer))/malloc(strlen(customer) + 1)/' "$root/tests/examples/order.c" > "$TEST_TMP/fixed.c"
"$TEST_CC" -g -O1 -w -o "$TEST_TMP/fixed" "$TEST_TMP/fixed.c"
KSLAB_DEBUG=1 LD_PRELOAD=$TEST_LIB "$TEST_TMP/fixed" 2> "$TEST_TMP/report"
[ ! -s "$TEST_TMP/report" ] || { cat "$TEST_TMP/report" >&2; exit 1; }
