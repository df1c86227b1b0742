"""The rows that are real programs of the system, with inputs from bench/workloads."""
from .rows import REAL, Row

_SOCKET = "{scratch}/redis.sock"


def _program(name, about, *command, **more):
    return Row(name, about, command, group=REAL, **more)


PROGRAMS = (
    _program("python3-json", "json written and read, PYTHONMALLOC=malloc", "{python}", "{source}/workloads/json_tree.py", "{work}",
             quick=12, environment=(("PYTHONMALLOC", "malloc"), ("PYTHONHASHSEED", "0"))),
    _program("perl-records", "hashes of arrays of strings", "perl", "{source}/workloads/records.pl", "{work}", quick=12,
             environment=(("PERL_HASH_SEED", "0"),), packages=("perl",)),
    _program("lua-tables", "strings and tables", "lua5.4", "{source}/workloads/tables.lua", "{work}", quick=15, packages=("lua5.4",)),
    _program("ruby-trees", "treaps of small objects", "ruby", "--disable-gems", "{source}/workloads/trees.rb", "{work}", quick=15,
             packages=("ruby",)),
    _program("gawk-words", "associative arrays", "gawk", "-v", "WORK={work}", "-f", "{source}/workloads/words.awk", packages=("gawk",)),
    _program("original-awk-words", "the same in the one true awk", "original-awk", "-v", "WORK={work}", "-f",
             "{source}/workloads/words.awk", quick=15, packages=("original-awk",)),
    _program("sqlite3", "table, indices and joins in memory", "sqlite3", ":memory:", stdin="{data}/table_index.sql", quick=12,
             packages=("sqlite3",)),
    _program("ghostscript", "pages of text and curves to PDF", "gs", "-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=pdfwrite", "-o", "/dev/null",
             "{data}/pages.ps", quick=20, packages=("ghostscript",)),
    _program("g++", "compiles a C++ source full of templates", "g++", "-std=c++20", "-O1", "-S", "-o", "/dev/null",
             "{source}/workloads/compile_unit.cpp", packages=("g++",), warm_mib=200),
    _program("gcc", "compiles 800 C functions", "gcc", "-O1", "-S", "-o", "/dev/null", "{data}/functions.c", packages=("gcc",)),
    _program("git-log", "a log with patches and rename detection", "git", "-C", "{data}/repository.git", "log", "-p", "-M", "--stat",
             full=300, quick=60, packages=("git",), environment=(("GIT_PAGER", "cat"), ("GIT_CONFIG_NOSYSTEM", "1"))),
    _program("z3", "multiplication of bit vectors", "z3", "{source}/workloads/multiplier.smt2", packages=("z3",)),
    _program("redis", "redis-benchmark over a socket, five commands", "redis-server", "--port", "0", "--unixsocket", _SOCKET, "--save", "",
             "--appendonly", "no", "--dir", "{scratch}", "--logfile", "{scratch}/redis.log", quick=10, packages=("redis-server", "redis-tools"),
             library_path="{bin}/no_jemalloc", checked=False,
             client=(("redis-benchmark", "-s", _SOCKET, "-t", "set,get,lpush,hset,sadd", "-n", "{work}000", "-r", "100000", "-d", "100",
                      "-P", "16", "-c", "20", "-q"),
                     ("redis-cli", "-s", _SOCKET, "shutdown", "nosave"))),
)
