#!/usr/bin/env python3
"""Counts the instructions that malloc and free execute on the fast path, and the calls they make; of their relatives, all that
the library executes for one round of the loop.

The program runs under callgrind with the library preloaded. Fails when a count is above its budget, or when the fast
path calls anything. 77: valgrind is not there.
"""
import argparse
import os
import sys

import under_valgrind

# One symbol of several at the same address is shown.
NAMES = {"malloc": {"malloc", "__libc_malloc"}, "free": {"free", "cfree", "__libc_free"}}

RELATIVES = {
    "large": 40,  # malloc of 64 KiB, free
    "aligned": 66,  # memalign, free
    "cleared": 43,  # calloc, free, without what libc clears
    "grown": 160,  # malloc, realloc to three times as much, free, without what libc copies
    "asked": 50,  # malloc_usable_size
}


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
    if under_valgrind.skip_without_it():
        return 77
    failed = False
    library = os.path.basename(os.path.realpath(arguments.library))
    for (what, size, depth, iterations), functions in under_valgrind.between_marks(
            arguments.program, environment=dict(os.environ, LD_PRELOAD=arguments.library)):
        counts = {name: count for (inside, name), count in functions.items() if inside == library}
        where = f"size {size}, {depth} at a time"
        if what in RELATIVES:
            each = sum(instructions for instructions, _ in counts.values()) / int(iterations)
            bad = not 0 < each <= RELATIVES[what]
            failed |= bad
            print(f"{where}: {what} {each:g} (at most {RELATIVES[what]}){' FAILED' if bad else ''}")
            continue
        texts = []
        for name, budget in (("malloc", arguments.malloc), ("free", arguments.free)):
            text, bad = check(name, counts, int(iterations), budget, where)
            failed |= bad
            texts.append(f"{text} (at most {budget}){' FAILED' if bad else ''}")
        print(f"{where}: {', '.join(texts)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
