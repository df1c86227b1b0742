# shellcheck shell=bash
# Under valgrind: memcheck puts its own malloc in the place of ours and must find no error in us;
# callgrind leaves ours in place and runs it instruction by instruction.
#
# tier: all
# timeout: 200
# packages: valgrind sqlite3
# commands: valgrind sqlite3

# valgrind itself is static; the program below it is what gets the library.
proof() { binds "$(type -P sqlite3)"; }

prepare() {
    cat > script.sql << 'END'
CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT);
INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
  SELECT i, printf('row %d', i * 7919 % 10007) FROM n;
CREATE INDEX b ON t (b);
SELECT count(*), max(b), group_concat(substr(b, 1, 5)) FROM t WHERE a % 100 = 1;
END
}

workload() {
    local tool
    for tool in memcheck callgrind; do
        local options=()
        [[ $tool != callgrind ]] || options=(--callgrind-out-file="$work/callgrind.out")
        valgrind -q --tool=$tool --error-exitcode=9 --log-file="$work/$tool.log" "${options[@]}" \
            sqlite3 :memory: < "$work/input/script.sql"
        # Nothing is to be said, except what valgrind says about itself.
        grep -E 'Invalid|uninitialised|Mismatched|definitely|Process terminating' "$work/$tool.log" || true
    done
    # Our malloc in place under memcheck as well: no synonym matches, so nothing is replaced.
    valgrind -q --soname-synonyms=somalloc=nothing --error-exitcode=9 --log-file="$work/raw.log" \
        /bin/echo raw
}
