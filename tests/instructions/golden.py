#!/usr/bin/env python3
"""Counts the instructions that the library executes in ten whole programs, and compares them with golden.txt.

Each pattern of bench/patterns does a fixed, seeded amount of work in one thread under callgrind; what counts is the library's
own instructions, from the start of the process to its end. A count that differs from the golden one by more than one per cent
fails, in either direction: golden.txt changes on purpose only, with --update. Other compilers make other code: 77, with
the reason, where the golden file was not made with this one. 77 as well where valgrind is missing.
"""
import argparse
import os
import sys

import under_valgrind

# Name and work in per cent: four to two hundred million instructions of the library's.
PATTERNS = (("bignum", 2), ("hash_tables", 2), ("json_tree", 4), ("linked_lists", 2), ("logic_minimiser", 2),
            ("one_size_batches", 1), ("ordered_map", 4), ("size_ramps", 4), ("strings", 3), ("vector_growth", 2))
TOLERANCE = 0.01


def run(arguments, pattern, work):
    # Without what the caller may have set, and with nothing that depends on how long it takes.
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LD_PRELOAD": arguments.library, "KSLAB_DECAY_MS": "100000"}
    # How many free slabs a cache keeps depends on how many CPUs there are: one.
    functions = under_valgrind.whole([f"{arguments.patterns}/{pattern}", str(work)], environment=environment,
                                     before=lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}))
    library = os.path.basename(os.path.realpath(arguments.library))
    return sum(own for (inside, _), (own, _) in functions.items() if inside == library)


def read_golden(path):
    golden = {}
    compiler = ""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("# compiler: "):
                compiler = line.split(": ", 1)[1].strip()
            elif line.strip() and not line.startswith("#"):
                name, count = line.split()
                golden[name] = int(count)
    return compiler, golden


def write_golden(path, compiler, counts):
    with open(path, "w", encoding="utf-8") as file:
        file.write("# Instructions that libkslab.so executes in a pattern of bench/patterns (golden.py). Changed on purpose only:\n"
                   "#   the command that ctest -V -N -R instructions.golden prints, and --update\n"
                   f"# compiler: {compiler}\n")
        for name, count in counts.items():
            file.write(f"{name} {count}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True)
    parser.add_argument("--patterns", required=True, help="the directory of the patterns")
    parser.add_argument("--compiler", required=True, help="name and version of the compiler that made the library")
    parser.add_argument("--golden", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.txt"))
    parser.add_argument("--update", action="store_true", help="write the golden file")
    arguments = parser.parse_args()
    if under_valgrind.skip_without_it():
        return 77
    if not arguments.update:
        compiler, golden = read_golden(arguments.golden)
        if compiler != arguments.compiler:
            print(f"skipped: the golden counts are of {compiler}, the library of {arguments.compiler}")
            return 77
    counts = {name: run(arguments, name, work) for name, work in PATTERNS}
    if arguments.update:
        write_golden(arguments.golden, arguments.compiler, counts)
        return 0
    failed = False
    for name, count in counts.items():
        expected = golden.get(name, 0)
        change = count / expected - 1 if expected else 1
        bad = abs(change) > TOLERANCE
        failed |= bad
        print(f"{name:20} {count:12} golden {expected:12} {change * 100:+6.2f} %{'  CHANGED' if bad else ''}")
    if failed:
        print("more than 1 % from golden.txt: if that is meant, run this with --update")
    return 1 if failed else 0


sys.exit(main())
