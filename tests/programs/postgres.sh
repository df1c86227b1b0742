# shellcheck shell=bash
# PostgreSQL: initdb, a server with parallel workers, SQL of fixed answers, pgbench, crash-free stop.
#
# tier: all
# timeout: 300
# packages: postgresql postgresql-contrib
# commands: setpriv

# The programs live in a directory of their version, not in PATH.
have() {
    reason='PostgreSQL is not installed'
    bin=$(ls -d /usr/lib/postgresql/*/bin 2> /dev/null | sort -V | tail -n 1)
    [[ -x $bin/postgres && -x $bin/pgbench ]]
}

proof() { binds "$bin/postgres"; }

prepare() {
    cat > script.sql << 'END'
CREATE TABLE item (id int PRIMARY KEY, name text, amount numeric, tags text[], doc jsonb);
INSERT INTO item SELECT i, md5(i::text), i * 7919 % 10007 / 3.0, ARRAY[(i % 7)::text, (i % 11)::text],
    jsonb_build_object('n', i, 'list', ARRAY[i, i + 1]) FROM generate_series(1, 60000) i;
CREATE INDEX ON item USING gin (tags);
CREATE INDEX ON item (name text_pattern_ops);
ANALYZE item;
SELECT count(*), sum(amount), max(name) FROM item;
SELECT count(*) FROM item WHERE tags @> '{3,5}';
SELECT count(*) FROM item WHERE doc @> '{"list": [77]}';
SELECT a.id, b.name FROM item a JOIN item b ON b.id = a.id * 2 WHERE a.name LIKE 'ab%' ORDER BY a.id LIMIT 3;
SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT id % 13 AS g, count(*), round(avg(amount), 6) FROM item GROUP BY g ORDER BY g;
SELECT md5(string_agg(name, ',' ORDER BY name)) FROM item;
SELECT regexp_replace(name, '([0-9]+)([a-f])', '\2\1', 'g') FROM item WHERE id % 20000 = 1 ORDER BY id;
CREATE FUNCTION fib(n int) RETURNS int LANGUAGE plpgsql AS
    'BEGIN IF n < 2 THEN RETURN n; END IF; RETURN fib(n - 1) + fib(n - 2); END';
SELECT fib(16);
UPDATE item SET doc = doc || '{"changed": true}' WHERE id % 3 = 0;
VACUUM FULL item;
SELECT count(*) FROM item WHERE doc ? 'changed';
END
}

# Everything as an unprivileged user: the server refuses to be root.
sql() { (unprivileged "$bin/psql" -X -h "$PWD" -p 5432 -d postgres -U tester -Atq -v ON_ERROR_STOP=1 "$@"); }

workload() {
    chmod 777 .
    (unprivileged "$bin/initdb" -D "$PWD/data" -U tester -A trust --no-sync -E UTF8 --locale=C) > initdb.txt
    # No TCP: the socket in this directory is the only way in.
    server postgres_server
    wait_for 40 sql -c 'SELECT 1'
    mapped "$server_pid"
    sql -f "$work/input/script.sql"
    (unprivileged "$bin/pgbench" -h "$PWD" -p 5432 -U tester -i -s 2 -q postgres) > /dev/null 2>&1
    (unprivileged "$bin/pgbench" -h "$PWD" -p 5432 -U tester -c 6 -j 2 -t 400 --random-seed=7 postgres) |
        grep -E 'actually processed|failed'
    sql -c 'SELECT count(*) FROM pgbench_history'
    sql -c 'SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(delta) FROM pgbench_history)'
    # INT: end the sessions, write a checkpoint, leave.
    stop_server INT
    rm -rf data initdb.txt
}

# unprivileged ends in exec: the process that server starts is PostgreSQL itself.
postgres_server() {
    unprivileged "$bin/postgres" -D "$PWD/data" -k "$PWD" -c listen_addresses= -c fsync=off
}
