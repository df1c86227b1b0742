#!/usr/bin/env python3
"""Counts the instructions that malloc and free execute on the fast path, and the calls they make.

The program runs under callgrind with the library preloaded. Callgrind zeroes its counters at measure_begin and
dumps them at measure_end; what a dump has for malloc is the work of exactly as many calls as the program says.
Fails when a count is above its budget, or when the fast path calls anything. 77: valgrind is not there.
"""
import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

# One symbol of several at the same address is shown.
NAMES = {"malloc": {"malloc", "__libc_malloc"}, "free": {"free", "cfree", "__libc_free"}}


def parse_dump(path, library):
    """(instructions of its own, calls it makes) of each function of the library in one dump."""
    counts = {}
    current = None
    in_library = after_calls = False
    with open(path, encoding="utf-8") as dump:
        for line in dump:
            if line.startswith("ob="):
                in_library = os.path.basename(library) in line
            elif line.startswith("fn="):
                current = counts.setdefault(line[3:].strip(), [0, 0]) if in_library else None
            elif line.startswith("calls="):
                if current is not None:
                    current[1] += int(line[6:].split()[0])
                after_calls = True
            elif re.match(r"[0-9+*-]", line):
                # The line behind calls= is what the called function did.
                if not after_calls and current is not None:
                    current[0] += int(line.split()[1])
                after_calls = False
    return counts


def run(arguments, directory):
    environment = dict(os.environ, LD_PRELOAD=arguments.library)
    command = ["valgrind", "--tool=callgrind", "--soname-synonyms=somalloc=NONE", "--compress-strings=no",
               "--compress-pos=no", "--zero-before=measure_begin", "--dump-before=measure_end",
               f"--callgrind-out-file={directory}/out", arguments.program]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"callgrind failed with {result.returncode}:\n{result.stderr}")
    rows = [tuple(map(int, line.split())) for line in result.stdout.splitlines()]
    dumps = sorted(glob.glob(f"{directory}/out.*"), key=lambda name: int(name.rsplit(".", 1)[1]))
    if len(dumps) < len(rows):
        sys.exit(f"{len(dumps)} dumps for {len(rows)} measurements:\n{result.stderr}")
    return rows, dumps


def check(name, counts, iterations, budget, where):
    found = [value for function, value in counts.items() if function in NAMES[name]]
    if len(found) != 1:
        print(f"{where}: {name} is not in the dump, but {sorted(counts)}")
        return None, True
    instructions, calls = found[0]
    each = instructions / iterations
    bad = each > budget or calls != 0
    return f"{name} {each:g}" + (f" with {calls} calls" if calls else ""), bad


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", required=True)
    parser.add_argument("--program", required=True)
    parser.add_argument("--malloc", type=int, required=True, help="the most instructions malloc may take")
    parser.add_argument("--free", type=int, required=True, help="the most instructions free may take")
    arguments = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("skipped: valgrind is not installed")
        return 77
    failed = False
    with tempfile.TemporaryDirectory() as directory:
        rows, dumps = run(arguments, directory)
        for (size, depth, iterations), dump in zip(rows, dumps):
            counts = parse_dump(dump, arguments.library)
            where = f"size {size}, {depth} at a time"
            texts = []
            for name, budget in (("malloc", arguments.malloc), ("free", arguments.free)):
                text, bad = check(name, counts, iterations, budget, where)
                failed |= bad
                texts.append(f"{text} (at most {budget}){' FAILED' if bad else ''}")
            print(f"{where}: {', '.join(texts)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
