#!/usr/bin/env python3
"""Counts the instructions of kslab's own interface on the fast path, called and inlined (api_loops.c).

Called functions: what is inside of them, as for malloc (count.py). Inlined ones: what a loop takes more than an empty
loop. Bulk operations must be cheaper for each object than single ones. Fails above a budget, and when anything slow is
called. 77: valgrind is not there.
"""
import argparse
import os
import sys

import under_valgrind

SINGLE = ("kslab_kmem_cache_alloc", "kslab_kmem_cache_free")
BULK = ("kslab_kmem_cache_alloc_bulk", "kslab_kmem_cache_free_bulk")
KMALLOC = ("kslab_kmalloc", "kslab_kfree")
CALLED = {"loop_empty": (), "loop_cache": SINGLE, "loop_bulk16": BULK, "loop_bulk64": BULK, "loop_kmalloc": KMALLOC}


def measure(program):
    """(name of the loop, iterations, instructions and calls of each function) for each measurement."""
    return [(name, int(iterations), by_name(functions)) for (name, iterations), functions in under_valgrind.between_marks(program)]


def by_name(functions):
    """Those of all objects, wherever the library is."""
    counts = {}
    for (_, name), (own, calls) in functions.items():
        had = counts.get(name, (0, 0))
        counts[name] = (had[0] + own, had[1] + calls)
    return counts


def others(counts, expected):
    """What was executed besides."""
    known = {*expected, "measure_begin", "measure_end", "main", "(below main)", "???"}
    return {name for name, (instructions, _) in counts.items()
            if instructions and name.split("'")[0] not in known and not name.startswith("loop_")
            and not name.startswith("0x")}


def called(program):
    """Instructions inside the called functions, for each pair."""
    found, wrong = {}, []
    for name, iterations, counts in measure(program):
        wrong += [f"{name} also runs {other}" for other in others(counts, CALLED[name])]
        wrong += [f"{name} does not run {function}" for function in CALLED[name] if function not in counts]
        found[name] = {function: counts[function][0] / iterations for function in CALLED[name] if function in counts}
    return found, wrong


def inlined(program):
    """Instructions of a loop beyond those of an empty one, for each pair."""
    found, wrong = {}, []
    for name, iterations, counts in measure(program):
        if name in ("loop_empty", "loop_cache"):
            wrong += [f"inlined {name} also runs {other}" for other in others(counts, ())]
            if name not in counts:
                sys.exit(f"{name} is not in the dump, but {sorted(counts)}")
            found[name] = counts[name][0] / iterations
        if name == "loop_kmalloc":
            wrong += [f"inlined {name} also runs {other}" for other in others(counts, ("kslab_kfree",))]
    return found["loop_cache"] - found["loop_empty"], wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--called", required=True, action="append", help="the program that calls the functions")
    parser.add_argument("--inlined", required=True, help="the same, inlined")
    parser.add_argument("--most-called", type=int, required=True, help="the most for kmem_cache_alloc and _free together")
    parser.add_argument("--most-inlined", type=int, required=True, help="the same, inlined")
    parser.add_argument("--most-kmalloc", type=int, required=True, help="the most for kmalloc and kfree together")
    arguments = parser.parse_args()
    if under_valgrind.skip_without_it():
        return 77
    failures = []
    for program in arguments.called:
        found, wrong = called(program)
        failures += wrong
        print(f"{os.path.basename(program)}:")
        for name, parts in found.items():
            if parts:
                print(f"  {name}: " + " + ".join(f"{function} {each:g}" for function, each in parts.items()))
        pair = sum(found["loop_cache"].values())
        if pair > arguments.most_called:
            failures.append(f"kmem_cache_alloc and kmem_cache_free take {pair:g} instructions, at most {arguments.most_called}")
        if sum(found["loop_kmalloc"].values()) > arguments.most_kmalloc:
            failures.append(f"kmalloc and kfree take more than {arguments.most_kmalloc} instructions")
        for name in ("loop_bulk16", "loop_bulk64"):
            each = sum(found[name].values())
            if each >= pair:
                failures.append(f"{name} takes {each:g} instructions an object, single operations {pair:g}")
    pair, wrong = inlined(arguments.inlined)
    failures += wrong
    print(f"{os.path.basename(arguments.inlined)}: kmem_cache_alloc and kmem_cache_free {pair:g}")
    if pair > arguments.most_inlined:
        failures.append(f"inlined, kmem_cache_alloc and kmem_cache_free take {pair:g}, at most {arguments.most_inlined}")
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
