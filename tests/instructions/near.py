#!/usr/bin/env python3
"""Finds what nearly every program runs and writes of the library, and writes src/near.ld, which puts that side by side.

The system maps text that is touched 64 KiB at a time, and memory that is written by the page: what lies apart costs
each process memory, and its start time. Programs run under valgrind. Names that a later compiler or version does not
have any more do no harm; with --check it fails when what two small programs run lies apart. 77, with the reason, where valgrind is missing.

    near.py --library build/release/libkslab.so.0 --patterns build/release/bench/patterns --output src/near.ld
    near.py --library build/release/libkslab.so.0 --check
"""
import argparse
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

SMALL = (("true",), ("cat", "/dev/null"))
PROGRAMS = SMALL + (("perl", "-e", "my %h; $h{$_} = [$_] for 1 .. 20000"), ("git", "--version"),
            ("sort", os.path.abspath(__file__)), ("bignum", "1"), ("hash_tables", "1"), ("vector_growth", "2"), ("server_churn", "1", "4"),
            ("thread_churn", "1"), ("size_ramps", "1"))
# From the first text of the library, at 0x5000, to the end of its window, less the start files, malloc and early_tls.cpp.
WINDOW = 39 << 10
# Larger tables are written here and there.
LARGEST_NEAR = 31 << 10
# Those of one name come together, if they are small.
SMALL_VARIABLES = 256
# Run caches: a program uses one of eight. The others are only read, and from time to time.
APART = ("_ZN5kslab12_GLOBAL__N_16cachesE", "_ZN5kslab9low_pagesE", "_ZN5kslab12empty_threadE", "_ZN5kslab11dead_threadE")
# Constants that every program reads.
CONSTANTS = ("base/format", "cache/grow", "config/size_classes", "kmalloc/boot", "kmalloc/run_cache", "malloc/foreign",
             "malloc/malloc", "os/cpus", "os/elf_symbols", "os/environment", "os/executable", "os/host", "os/memory", "os/nodes",
             "os/clock", "os/vdso", "pages/page_allocator", "thread/thread")

HEAD = """/* What nearly every program runs, reads and writes of the library, side by side. Made by tests/instructions/near.py.

   The core's objects are joined with this. Of what a process touches the system maps text 64 KiB at a time: linkers put
   .text.hot first, and in the shared library it ends within the first 64 KiB. */
"""


def valgrind(library, command, *options):
    environment = dict(os.environ, LD_PRELOAD=library)
    subprocess.run(["valgrind", "--soname-synonyms=somalloc=NONE", "--log-file=/dev/null", *options, *command], env=environment,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def symbols(library, kinds):
    """The library's own: for each name starts and sizes, of all that have it, for near.ld goes by name."""
    table = collections.defaultdict(set)
    listing = subprocess.run(["nm", "-S", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    for line in listing.splitlines():
        words = line.split()
        if len(words) == 4 and words[2] in kinds:
            table[words[3]].add((int(words[0], 16), int(words[1], 16)))
    return table


def size_of(spans):
    return sum(size for _, size in spans)


def functions_run(library, command, scratch):
    """The names of the library's functions that the command runs."""
    out = os.path.join(scratch, "callgrind")
    valgrind(library, command, "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={out}")
    objects, names, run, inside = {}, {}, set(), False
    with open(out, encoding="utf-8", errors="replace") as dump:
        for line in dump:
            if found := re.match(r"(c?)(ob|fn)=\((\d+)\)(?: (.*))?", line):
                called, kind, number, name = found.groups()
                table = objects if kind == "ob" else names
                if name:
                    table[number] = name
                if kind == "ob" and not called:
                    inside = os.path.basename(table.get(number, "")) == os.path.basename(library)
                elif kind == "fn" and not called and inside:
                    run.add(re.split(r"['.]", table[number])[0])
    return run


def variables_used(library, command, scratch):
    """The names of the library's variables that the command uses, without those that have a page of their own."""
    trace, bases = os.path.join(scratch, "trace"), os.path.join(scratch, "bases")
    os.environ.update(LD_DEBUG="files", LD_DEBUG_OUTPUT=bases)
    valgrind(library, command, "--tool=lackey", "--trace-mem=yes", f"--log-file={trace}")
    del os.environ["LD_DEBUG"], os.environ["LD_DEBUG_OUTPUT"]
    text = "".join(open(os.path.join(scratch, f), encoding="utf-8").read() for f in os.listdir(scratch) if f.startswith("bases"))
    # valgrind's own start, outside of it, comes first.
    base = int(re.findall(re.escape(os.path.basename(library)) + r"[^/]*?base: 0x([0-9a-f]+)", text)[-1], 16)
    used = set()
    with open(trace, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line[:2] in (" L", " S", " M"):
                address, size = line[3:].split(",")
                at = int(address, 16) - base
                used.update(range(at, at + int(size)))
    return {name: size_of(spans) for name, spans in symbols(library, "bB").items()
            if size_of(spans) <= LARGEST_NEAR and name not in APART and (len(spans) == 1 or size_of(spans) < SMALL_VARIABLES)
            and any(at in used for start, size in spans for at in range(start, start + size))}


def write(output, near, later, variables):
    rows = [HEAD, "SECTIONS {\n  .data.rel.ro.near : {\n"]
    rows += [f"    *{name}.cpp.o(.rodata .rodata.*)\n" for name in CONSTANTS]
    rows += ["    *config/options.cpp.o(.rodata.*kPrefix*)\n  }\n"]
    rows += ["  .bss.near : {\n    kslab_near_start = .;\n"]
    rows += [f"    *(.bss.{name})\n" for name in variables]
    rows += ["    kslab_near_end = .;\n  }\n"]
    for section, names in ((".text.hot", near), (".text.warm", later)):
        rows += [f"  {section} : {{\n"] + [f"    *(.text.{name} .text.{name}.*)\n" for name in names] + ["  }\n"]
    rows += ["  .text.seldom : { *(.text.unlikely .text.unlikely.*) }\n}\n"]
    with open(output, "w", encoding="utf-8") as file:
        file.write("".join(rows))


def check(library):
    """Whether all that small programs run lies in the first 64 KiB of the text."""
    table = symbols(library, "tTwW")
    sections = subprocess.run(["readelf", "-SW", library], capture_output=True, text=True, check=True).stdout
    start = int(re.search(r" \.text +PROGBITS +([0-9a-f]+)", sections).group(1), 16) & ~0xfff
    failed = False
    for command in SMALL:
        with tempfile.TemporaryDirectory() as scratch:
            run = functions_run(library, command, scratch) & set(table)
        far = sorted(name for name in run if all(at + size > start + 0x10000 for at, size in table[name]))
        failed |= bool(far) or not run
        print(f"{' '.join(command)}: {len(run)} functions, {len(far)} outside of the first 64 KiB of the text {' '.join(far)}")
    if failed:
        print("FAIL: write src/near.ld anew, as the head of near.py says")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True, help="the shared library, of a release build")
    parser.add_argument("--check", action="store_true", help="only look whether small programs stay in the first 64 KiB")
    parser.add_argument("--patterns", help="where the built patterns are")
    parser.add_argument("--output", help="where to write")
    arguments = parser.parse_args()
    library = os.path.realpath(arguments.library)
    if shutil.which("valgrind") is None:
        print("SKIP: no valgrind")
        return 77
    if arguments.check:
        return check(library)
    if not arguments.patterns or not arguments.output:
        parser.error("--patterns and --output, or --check")
    sizes = symbols(library, "tTwW")
    seen = collections.Counter()
    with tempfile.TemporaryDirectory() as scratch:
        for number, command in enumerate(PROGRAMS, 1):
            print(f"[{number}/{len(PROGRAMS)}] {' '.join(command)}", file=sys.stderr)
            built = os.path.join(arguments.patterns, command[0])
            command = (built if os.path.exists(built) else command[0], *command[1:])
            seen.update(functions_run(library, command, scratch))
        variables = variables_used(library, ("cat", "/dev/null"), scratch)
    order = sorted((name for name in seen if name in sizes and name.startswith("_ZN")), key=lambda n: (-seen[n], size_of(sizes[n]), n))
    near, later, total = [], [], 0
    for name in order:
        total += -(-size_of(sizes[name]) // 16) * 16
        (near if total <= WINDOW else later).append(name)
    write(arguments.output, sorted(near), sorted(later), sorted(variables, key=lambda n: (-variables[n], n)))
    print(f"{len(near)} functions in the first 64 KiB, {len(later)} behind them; {sum(variables.values())} bytes of variables", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
