#!/usr/bin/env python3
"""Finds what nearly every program runs and uses of the library, and writes src/near.ld, which puts that side by side.

The system maps text that is touched 64 KiB at a time, and memory that is written by the page: what lies apart costs
each process memory, and its start time. Programs run under valgrind. Names that a later compiler or version does not
have any more do no harm. With --check it fails when what two small programs use lies apart; 77, with the reason, where
valgrind is missing or near.ld was made with another compiler. Build the target `near` to write the file anew.

    near.py --library build/release/libkslab.so.0 --patterns build/release/bench/patterns --near src/near.ld --compiler 'GNU 12.2.0'
    near.py --library build/release/libkslab.so.0 --near src/near.ld --compiler 'GNU 12.2.0' --check
"""
import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile

import under_valgrind

SMALL = (("true",), ("cat", "/dev/null"))
PROGRAMS = SMALL + (("perl", "-e", "my %h; $h{$_} = [$_] for 1 .. 20000"), ("git", "--version"), ("sort", os.path.abspath(__file__)),
                    ("bignum", "1"), ("hash_tables", "1"), ("vector_growth", "2"), ("server_churn", "1", "4"), ("thread_churn", "1"),
                    ("size_ramps", "1"))
# The text begins at 0x5000. What is mapped with it ends here, whatever address the library has, as long as that is aligned.
WINDOW_END = 0x10000
# Before that come malloc and its relatives, and early_tls.cpp as well.
WINDOW = 0xae00
# Larger tables are written here and there.
LARGEST_NEAR = 35 << 10
# Those of one name come together, if they are small.
SMALL_VARIABLES = 256
# Read from time to time.
APART = ("_ZN5kslab9low_pagesE", "_ZN5kslab12empty_threadE", "_ZN5kslab11dead_threadE")
# Bytes that are used of a table that is larger: it comes last, and so much of it is populated with the rest.
STARTS = {"_ZN5kslab13vector_cachesE": 64}
# valgrind hides from programs what uses these.
UNSEEN = ("_ZN5kslab12_GLOBAL__N_114vdso_forgottenE",)
# Files whose constants every program reads; kept by hand, for strings have no names. --check tells when one is missing.
CONSTANTS = ("base/format", "cache/grow", "config/size_classes", "kmalloc/boot", "malloc/foreign",
             "malloc/malloc", "os/clock", "os/cpus", "os/elf_symbols", "os/environment", "os/executable", "os/host", "os/memory",
             "os/nodes", "os/vdso", "pages/page_allocator", "thread/thread")

HEAD = """/* What nearly every program runs, reads and writes of the library, side by side. Made by tests/instructions/near.py, from a
   build with COMPILER: build the target `near` to make it anew.

   The core's objects are joined with this. Of what a process touches the system maps text 64 KiB at a time: linkers put
   .text.hot first, and in the shared library it ends with the first such piece; .text.warm is what some programs run. What the
   compiler holds for unlikely would come before .text.hot under its own name. The constants lie on a page that relocation
   writes anyway. The names decide: a variable takes others of its name, in other files, with it. */
"""


def environment(library, **more):
    return {"PATH": os.environ["PATH"], "LANG": "C", "LD_PRELOAD": library, **more}


def plain(name):
    """Without what the compiler adds to the name of a copy or a part."""
    return re.split(r"['.]", name)[0]


def symbols(library, kinds):
    """The library's own: for each name starts and sizes, of all that have it, for near.ld goes by name."""
    table = collections.defaultdict(set)
    listing = subprocess.run(["nm", "-S", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    for line in listing.splitlines():
        words = line.split()
        if len(words) == 4 and words[2] in kinds:
            table[plain(words[3])].add((int(words[0], 16), int(words[1], 16)))
    return table


def address_of(library, name):
    listing = subprocess.run(["nm", library], capture_output=True, text=True, check=True).stdout
    return int(re.search(rf"^([0-9a-f]+) \w {name}$", listing, re.M).group(1), 16)


def size_of(spans):
    return sum(size for _, size in spans)


def functions_run(library, command):
    """The names of the library's functions that the command runs."""
    functions = under_valgrind.whole(command, "--demangle=no", environment=environment(library))
    return {plain(name) for inside, name in functions if inside == os.path.basename(library)}


def bytes_used(library, command):
    """The addresses within the library that the command loads from or stores to."""
    used = set()
    with tempfile.TemporaryDirectory() as scratch:
        trace, bases = os.path.join(scratch, "trace"), os.path.join(scratch, "bases")
        under_valgrind.valgrind(command, "--tool=lackey", "--trace-mem=yes", f"--log-file={trace}",
                                environment=environment(library, LD_DEBUG="files", LD_DEBUG_OUTPUT=bases))
        text = "".join(open(os.path.join(scratch, f), encoding="utf-8").read() for f in os.listdir(scratch) if f.startswith("bases"))
        # valgrind's own start, outside of it, comes first.
        base = int(re.findall(re.escape(os.path.basename(library)) + r"[^/]*?base: 0x([0-9a-f]+)", text)[-1], 16)
        with open(trace, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line[:2] in (" L", " S", " M"):
                    address, size = line[3:].split(",")
                    at = int(address, 16) - base
                    used.update(range(at, at + int(size)))
    return used


def variables_used(library, used):
    """The names of the variables among these bytes, without those that have a page of their own."""
    return {name: size_of(spans) for name, spans in symbols(library, "bB").items()
            if name.startswith(("_Z", "kslab")) and not name.startswith("kslab_near_")
            and size_of(spans) <= LARGEST_NEAR and name not in APART and (len(spans) == 1 or size_of(spans) < SMALL_VARIABLES)
            and any(at in used for start, size in spans for at in range(start, start + size))}


def write(output, compiler, near, later, variables):
    def section(name, rows):
        return [f"  {name} 0 : {{\n", *(f"    {row}\n" for row in rows), "  }\n"]

    def texts(names):
        return [f"*(.text.{name} .text.{name}.* .text.startup.{name})" for name in names]

    constants = [f"*{name}.cpp.o(.rodata .rodata.*)" for name in CONSTANTS] + ["*config/options.cpp.o(.rodata.*kPrefix*)"]
    rows = [HEAD.replace("COMPILER", compiler), "SECTIONS {\n", *section(".data.rel.ro.near", constants),
            *section(".bss.near", ["HIDDEN(kslab_near_start = .);", *(f"*(.bss.{name})" for name in variables if name not in STARTS),
                                   f"HIDDEN(kslab_near_end = . + {sum(STARTS.values())});", *(f"*(.bss.{name})" for name in STARTS)]),
            *section(".text.hot", texts(near)), *section(".text.warm", texts(later)),
            *section(".text.seldom", ["*(.text.unlikely .text.unlikely.*)"]), "}\n"]
    with open(output, "w", encoding="utf-8") as file:
        file.write("".join(rows))


def check(library):
    """Whether all that small programs use lies where near.ld puts it."""
    texts, variables = symbols(library, "tTwW"), symbols(library, "bB")
    near = [address_of(library, f"kslab_near_{end}") for end in ("start", "end")]
    sections = subprocess.run(["readelf", "-SW", library], capture_output=True, text=True, check=True).stdout
    constants = [int(word, 16) for word in re.search(r" \.rodata +PROGBITS +([0-9a-f]+) +[0-9a-f]+ ([0-9a-f]+)", sections).groups()]
    failed = False
    for command in SMALL:
        run = functions_run(library, command) & set(texts)
        used = bytes_used(library, command)
        far = sorted(name for name in run if all(at + size > WINDOW_END for at, size in texts[name]))
        far += sorted(name for name in variables_used(library, used) if all(not near[0] <= at < near[1] for at, _ in variables[name]))
        read = sorted(at for at in used if constants[0] <= at < constants[0] + constants[1])
        far += [f"constants at {read[0]:#x}"] if read else []
        failed |= bool(far) or not run
        print(f"{' '.join(command)}: {len(run)} functions; apart: {' '.join(far) or 'nothing'}")
    if failed:
        print("FAIL: write src/near.ld anew, as its head says; constants: CONSTANTS in near.py")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True, help="the shared library, of a release build")
    parser.add_argument("--check", action="store_true", help="only look whether what small programs use lies side by side")
    parser.add_argument("--near", required=True, help="the file, src/near.ld")
    parser.add_argument("--compiler", required=True, help="name and version")
    parser.add_argument("--patterns", help="where the built patterns are")
    arguments = parser.parse_args()
    library = os.path.realpath(arguments.library)
    if under_valgrind.skip_without_it():
        return 77
    if arguments.check:
        with open(arguments.near, encoding="utf-8") as file:
            if f"build with {arguments.compiler}:" not in file.read():
                print(f"skipped: near.ld was not made with {arguments.compiler}")
                return 77
        return check(library)
    if not arguments.patterns:
        parser.error("--patterns, or --check")
    sizes = symbols(library, "tTwW")
    seen = collections.Counter()
    for number, command in enumerate(PROGRAMS, 1):
        print(f"[{number}/{len(PROGRAMS)}] {' '.join(command)}", file=sys.stderr)
        built = os.path.join(arguments.patterns, command[0])
        run = functions_run(library, (built if os.path.exists(built) else command[0], *command[1:]))
        seen.update({name: len(PROGRAMS) if command in SMALL else 1 for name in run})  # what small programs run comes first
    variables = variables_used(library, bytes_used(library, ("cat", "/dev/null")))
    variables.update({name: size_of(spans) for name, spans in symbols(library, "bB").items() if name in UNSEEN})
    order = sorted((name for name in seen if name in sizes and name.startswith(("_ZN5kslab", "_ZNK5kslab"))), key=lambda n: (-seen[n], size_of(sizes[n]), n))
    near, later, total = [], [], 0
    for name in order:
        total += sum(-(-size // 16) * 16 for _, size in sizes[name])
        (near if total <= WINDOW else later).append(name)
    write(arguments.near, arguments.compiler, sorted(near), sorted(later), sorted(variables, key=lambda n: (-variables[n], n)))
    print(f"{len(near)} functions in the first 64 KiB, {len(later)} behind them; {sum(size for name, size in variables.items() if name not in STARTS)} bytes of variables", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
