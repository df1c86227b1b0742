# shellcheck shell=bash
# Python's own regression tests: the outcome of every test method must be the same. Small
# objects come from malloc too, so that Python exercises nothing but the allocator.
#
# tier: full
# timeout: 600
# debug-timeout: 800
# packages: python3 libpython3.11-testsuite
# commands: python3

modules=(test_json test_threading test_thread test_subprocess test_dict test_list test_set
    test_re test_zlib test_pickle test_bytes test_array test_struct test_ctypes
    test_io test_mmap test_memoryio test_xml_etree_c test_itertools test_fork1 test_gc
    test_deque test_weakref test_csv test_bz2 test_queue)

# Debugging takes time: guard pages more of it.
case $mode in
    1) modules=(test_json test_dict test_set test_struct test_memoryio test_xml_etree_c test_csv) ;;
    full) modules=(test_json test_struct test_csv) ;;
esac

have() {
    reason="Python's regression tests are not installed"
    python3 -c 'import test.libregrtest, test.test_json.test_decode' 2> /dev/null
}

prepare() { :; }

workload() {
    # -j2: each module in a process of its own. The XML names every test method and outcome.
    # -w: what failed runs again; tests that measure time do fail on a busy machine.
    PYTHONMALLOC=malloc python3 -m test -j2 -w --timeout 200 --tempdir "$TMPDIR" \
        --junit-xml "$work/tests.xml" "${modules[@]}" > "$work/regrtest.log" 2>&1 || true
    # Whether the suite ended at all, and how: its last line.
    tail -n 1 "$work/regrtest.log"
    outcomes
}

outcomes() {
    python3 - "$work/tests.xml" << 'END'
import sys, xml.etree.ElementTree as tree
rows = {}
for case in tree.parse(sys.argv[1]).iter("testcase"):
    kinds = sorted({child.tag for child in case} & {"error", "failure", "skipped"})
    # A method that ran twice counts with its best outcome.
    outcome = " ".join(kinds) or "passed"
    if rows.get(case.get("name")) != "passed":
        rows[case.get("name")] = outcome
print(len(rows), "test methods")
print("\n".join("%s %s" % row for row in sorted(rows.items())))
END
}

leaks() {
    export PYTHONMALLOC=malloc
    # Python itself loses nothing; memory that ctypes allocates and forgets is lost, and must be found.
    confirm python3 -c '
import json, re, threading, ctypes
rows = [{"n": i, "s": "x" * (i % 50)} for i in range(100)]
assert json.loads(json.dumps(rows)) == rows
print(len(re.findall(r"x(\d)", "x1y" * 100)))
t = [threading.Thread(target=lambda: [str(i) for i in range(100)]) for _ in range(3)]
[x.start() for x in t]; [x.join() for x in t]
libc = ctypes.CDLL(None)
libc.malloc.restype = None  # a Python number would look like a pointer to memcheck, whose heap lies low
for i in range(9): libc.malloc(1000 + i)
for i in range(9): libc.getpid()'
}
