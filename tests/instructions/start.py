#!/usr/bin/env python3
"""What kslab costs each process at its start and its end: instructions of the library's own, and page faults above those with
an empty library preloaded. /bin/true, that allocates nothing, and ls. Exit status: 0, 1 if a budget is exceeded, 77 without
valgrind, a compiler, or Linux 5.14.

    start.py --library build/release/libkslab.so.0
"""
import argparse
import os
import platform
import subprocess
import sys
import tempfile

import under_valgrind

# Of each: instructions, faults.
BUDGETS = {("true",): (54_000, 17), ("ls", "/"): (100_000, 40)}
RUNS = 7


def faults(command, library):
    """The least of some runs: what else the machine does only adds."""
    least = None
    for _ in range(RUNS):
        child = os.posix_spawnp(command[0], command, {"PATH": os.environ["PATH"], "LANG": "C", "LD_PRELOAD": library},
                                file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
        _, status, usage = os.wait4(child, 0)
        if status != 0:
            sys.exit(f"{' '.join(command)} with {library} ended with status {status}")
        least = usage.ru_minflt if least is None else min(least, usage.ru_minflt)
    return least


def instructions(command, library):
    environment = {"PATH": os.environ["PATH"], "LANG": "C", "LD_PRELOAD": library}
    counts = under_valgrind.whole(command, environment=environment)
    return sum(own for (inside, _), (own, _) in counts.items() if inside == os.path.basename(library))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True, help="the shared library, of a release build")
    library = os.path.realpath(parser.parse_args().library)
    if under_valgrind.skip_without_it():
        return 77
    if tuple(int(n) for n in platform.release().split(".")[:2]) < (5, 14):
        print("skipped: this kernel has no MADV_POPULATE_WRITE, and every page is a fault")
        return 77
    failed = False
    with tempfile.TemporaryDirectory() as directory:
        empty = os.path.join(directory, "empty.so")
        if subprocess.run(["cc", "-shared", "-o", empty, "-x", "c", os.devnull], check=False).returncode != 0:
            print("skipped: cc makes no library")
            return 77
        for command, (most_instructions, most_faults) in BUDGETS.items():
            count, above = instructions(command, library), faults(command, library) - faults(command, empty)
            over = count > most_instructions or above > most_faults or count == 0
            print(f"{' '.join(command)}: {count} instructions (at most {most_instructions}), {above} page faults above an empty library "
                  f"(at most {most_faults}){' TOO MANY' if over else ''}")
            failed |= over
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
