# timeout: 60
# The example of mempools writes all its records with memory enough, with memory used up, and with none but the
# reserves.
set -eu
[ -f "${TEST_API_LIB:-}" ] || { echo "no library"; exit 77; }
"$TEST_CC" -O1 -Wall -Wextra -Werror -I"$TEST_INCLUDE" -o "$TEST_TMP/io_survives" \
    "$TEST_SOURCE_DIR/../examples/io_survives.c" "$TEST_API_LIB" -pthread
"$TEST_TMP/io_survives" > "$TEST_TMP/out"
grep -qx '4000 of 4000 records arrived; producers waited 0 times for an element' "$TEST_TMP/out"
for shortage in KSLAB_LIMIT=24M KSLAB_FAIL=cache:io-request,nth:9,times:-1; do
    env "$shortage" "$TEST_TMP/io_survives" > "$TEST_TMP/out"
    cat "$TEST_TMP/out"
    grep -q '^4000 of 4000 records arrived; producers waited [1-9][0-9]* times' "$TEST_TMP/out"
done
# Without its reserves the same program has nothing to go on with.
sed 's/mempool_alloc(pool, GFP_NOWAIT)/NULL/; s/return mempool_alloc(pool, GFP_NOIO);.*/return pool == buffers ? kmalloc(BUFFER, GFP_NOIO) : kmalloc(40, GFP_NOIO);/' \
    "$TEST_SOURCE_DIR/../examples/io_survives.c" > "$TEST_TMP/without.c"
"$TEST_CC" -O1 -w -I"$TEST_INCLUDE" -o "$TEST_TMP/without" "$TEST_TMP/without.c" "$TEST_API_LIB" -pthread
if env KSLAB_LIMIT=24M "$TEST_TMP/without" > /dev/null 2>&1; then
    echo "memory was not short" >&2
    exit 1
fi
