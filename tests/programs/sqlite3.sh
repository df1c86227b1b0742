# shellcheck shell=bash
# SQLite's shell builds an indexed database, queries it, changes it, vacuums it. The database
# file must be the same to the byte.
#
# tier: quick
# timeout: 120
# debug-timeout: 300
# packages: sqlite3
# commands: sqlite3

prepare() {
    cat > script.sql << 'END'
PRAGMA page_size = 4096;
PRAGMA cache_size = -20000;
PRAGMA journal_mode = MEMORY;
CREATE TABLE word (id INTEGER PRIMARY KEY, name TEXT, amount REAL, grp INTEGER, body BLOB);
INSERT INTO word
  WITH RECURSIVE n(i, s) AS (SELECT 1, 42 UNION ALL SELECT i + 1, (s * 1103515245 + 12345) % 2147483648 FROM n WHERE i < 120000)
  SELECT i, printf('name-%x-%d', s, i % 977), s / 3.0, s % 101, zeroblob(s % 90) FROM n;
CREATE INDEX by_name ON word (name, grp);
CREATE INDEX by_group ON word (grp, amount DESC);
ANALYZE;
SELECT count(*), round(sum(amount)), max(name) FROM word;
SELECT grp, count(*), round(avg(amount)) FROM word GROUP BY grp HAVING grp % 9 = 0 ORDER BY 2 DESC, 1;
SELECT a.name, b.id FROM word a JOIN word b ON a.grp = b.grp AND b.id = a.id + 101 WHERE a.name LIKE 'name-1%' ORDER BY a.id LIMIT 5;
SELECT id, row_number() OVER (PARTITION BY grp ORDER BY amount DESC) AS r, sum(amount) OVER (ORDER BY id ROWS 10 PRECEDING) FROM word ORDER BY r DESC, id LIMIT 5;
CREATE VIRTUAL TABLE text_index USING fts5(body);
INSERT INTO text_index SELECT name || ' ' || grp || ' word' || id % 500 FROM word WHERE id % 4 = 0;
SELECT count(*) FROM text_index WHERE text_index MATCH 'word42* OR word7';
SELECT json_group_array(json_object('id', id, 'name', name)) FROM word WHERE id < 5;
SELECT length(group_concat(name, ',')) FROM word;
BEGIN;
UPDATE word SET name = upper(name), body = zeroblob(grp * 2) WHERE id % 3 = 0;
DELETE FROM word WHERE grp IN (3, 5, 7);
ROLLBACK;
DELETE FROM word WHERE id % 5 = 0;
VACUUM;
PRAGMA integrity_check;
END
}

workload() {
    sqlite3 data.db < "$work/input/script.sql"
    sqlite3 data.db .dump | md5sum
    sqlite3 data.db .dump | sqlite3 copy.db
    sqlite3 -csv data.db 'SELECT * FROM word ORDER BY name, id' > rows.csv
    sqlite3 copy.db 'CREATE TABLE t (a, b, c, d, e)' ".import --csv rows.csv t" 'SELECT count(*), max(b) FROM t'
    # An error in the middle leaves the same message and status.
    sqlite3 data.db 'SELECT nothing FROM nowhere' 2>&1 || echo "status $?"
}

leaks() {
    sed 's/i < 120000/i < 1200/' "$work/input/script.sql" > script.sql
    confirm sqlite3 :memory: '.read script.sql'
    confirm sqlite3 :memory: 'SELECT nothing FROM nowhere'
}
