"""Options, and the order of events."""
import argparse
import json
import pathlib
import re
import sys
import time

from . import BenchError, allocators, api, chart, debug_table, debugging, measure, mechanisms, newest, prepare, summary, table
from .programs import PROGRAMS
from .rows import PATTERNS

ROWS = PROGRAMS + PATTERNS


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="scripts/bench", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures kslab against glibc, jemalloc, mimalloc and tcmalloc: real programs, patterns, single mechanisms.",
        epilog="Every allocator is preloaded into every program, in rounds of shuffled order; see bench/README.md.\n"
               "KSLAB_* variables are passed on to the measured programs. Exit status: 0, 1 if a run failed, 2 for a wrong call,\n130 or 141 if interrupted or the reader left.")
    parser.add_argument("--quick", action="store_true", help="fewer rows, less work, 3 runs: about 3 minutes on 2 cores")
    parser.add_argument("--only", metavar="REGEX", help="only rows whose name matches")
    parser.add_argument("--lib", metavar="NAME=PATH", action="append", default=[],
                        help="one more allocator to preload; kslab=PATH replaces the built one; may be repeated")
    parser.add_argument("--newest", action="store_true",
                        help="take the peers from Debian unstable where its packages load here, and install nothing of it")
    parser.add_argument("--runs", metavar="N", type=int, help="runs of each row and allocator (7; with --quick 3)")
    parser.add_argument("--json", metavar="FILE", help="write everything measured")
    parser.add_argument("--svg", metavar="FILE", help="write a chart")
    parser.add_argument("--list", action="store_true", help="list the rows and exit")
    parser.add_argument("--no-install", action="store_true", help="do not install missing packages")
    parser.add_argument("--build", metavar="DIR", help="build tree to use (default build/release, configured here)")
    parser.add_argument("--debug", action="store_true",
                        help="instead: what looking for heap bugs costs, under KSLAB_DEBUG, valgrind, AddressSanitizer, Electric Fence, DUMA")
    parser.add_argument("--tools", metavar="REGEX", help="with --debug: only these tools, besides glibc and kslab")
    parser.add_argument("--api", action="store_true",
                        help="instead: kslab's own interface beside malloc of every allocator and std::pmr's pools")
    parser.add_argument("--seed", metavar="N", type=int, default=1, help="seed of the shuffled orders (1)")
    parsed = parser.parse_args(arguments)
    if parsed.runs is not None and parsed.runs < 1:
        raise BenchError("--runs wants a number of at least 1")
    if parsed.api and (parsed.debug or parsed.only or parsed.svg):
        raise BenchError("--api knows none of --debug, --only and --svg")
    parsed.runs = parsed.runs or (3 if parsed.quick or parsed.debug else 7)
    for name, pattern in (("--only", parsed.only), ("--tools", parsed.tools)):
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise BenchError(f"{name}: '{pattern}' is no regular expression: {error}") from error
    if parsed.tools and not parsed.debug:
        raise BenchError("--tools goes with --debug")
    if parsed.debug and (parsed.svg or parsed.lib):
        raise BenchError("--debug knows neither --svg nor --lib")
    if parsed.newest and (parsed.debug or parsed.api):
        raise BenchError("--newest goes with neither --debug nor --api")
    for name in filter(None, (parsed.json, parsed.svg)):
        if not pathlib.Path(name).absolute().parent.is_dir():
            raise BenchError(f"cannot write {name}: no such directory")
    return parsed


def _progress(done, total, begin):
    """A line on stderr: rewritten on a terminal, one for each row elsewhere."""
    terminal = sys.stderr.isatty()
    seen = set()

    def show(row, number, allocator):
        seconds = time.monotonic() - begin
        if terminal:
            print(f"\r\033[K[{done()}/{total}, {seconds:.0f} s] {row}, run {number + 1}, {allocator}", end="", file=sys.stderr, flush=True)
        elif row not in seen:
            seen.add(row)
            prepare.say(f"[{done()}/{total}, {seconds:.0f} s] {row}")

    return show


def _select(parsed, places):
    """Rows and mechanisms to run. A pattern that matches nothing is an error, not an empty table."""
    rows = [row for row in ROWS if (not parsed.quick or row.quick) and (not parsed.only or re.search(parsed.only, row.name))]
    singles = mechanisms.names(places, parsed.quick, parsed.only)
    if not rows and not singles:
        raise BenchError(f"no row matches '{parsed.only}'; --list shows all")
    return rows, singles


def _debug(parsed, root, directory):
    wanted = [row for row in debugging.ROWS if not parsed.only or re.search(parsed.only, row.name)]
    if not parsed.no_install:
        prepare.install(debugging.packages() + prepare.missing_packages(wanted))
    prepare.say(f"building {directory}")
    prepare.build(root, directory, not parsed.build)
    machine, begin = summary.machine(), time.monotonic()
    document = debugging.run(parsed, prepare.Places(root, directory), lambda done, total: _progress(done, total, begin))
    document |= {"date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "machine": machine, "runs": parsed.runs}
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    print(debug_table.text(document))
    if parsed.json:
        _write(parsed.json, json.dumps(document, indent=1) + "\n")
    return 1 if debug_table.problems(document) else 0


def _api(parsed, root, directory, named):
    _install(parsed, [])
    prepare.say(f"building {directory}")
    prepare.build(root, directory, not parsed.build)
    machine, begin = summary.machine(), time.monotonic()
    measured, notes = allocators.collect(root, directory, named)
    for note in notes:
        prepare.say(note)
    progress = _progress(lambda: 0, 1, begin)
    series, failed = api.run(prepare.Places(root, directory), measured, parsed.runs, 0.02 if parsed.quick else 0.05, parsed.seed, progress)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    print(api.text(series, failed, machine, parsed.runs))
    if parsed.json:
        _write(parsed.json, json.dumps({"machine": machine, "runs": parsed.runs, "nanoseconds": series, "failed": failed}, indent=1) + "\n")
    return 1 if failed else 0


def _list(parsed, places):
    rows, singles = _select(parsed, places)
    for row in rows:
        print(f"{row.name:24} {row.group:10} {'quick' if row.quick else '':6} {row.about}")
    for name in mechanisms.short_names(singles):
        print(f"{mechanisms.PREFIX}{name}")
    if not mechanisms.names(places, False, None):
        print(f"{mechanisms.PREFIX}...  (known once the benchmarks are built)")


def _install(parsed, rows):
    if parsed.no_install:
        return
    _, packages = allocators.installed_peers()
    prepare.install(packages + prepare.missing_packages(rows))


def _run_rows(parsed, runner, rows, measured, notes, progress, finished):
    results = []
    for row in rows:
        if not prepare.program_of(row):
            notes.append(f"row {row.name} not run: no program {row.command[0]} (package {' '.join(row.packages)})")
            continue
        work = row.quick if parsed.quick else row.full
        samples, failed = runner.rounds(row, work, measured, parsed.runs, progress)
        results.append(summary.summarise_row(row, work, runner.places.shown(row, work), samples, failed))
        finished.append(row.name)
    return results


def _write(name, text):
    try:
        pathlib.Path(name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise BenchError(f"cannot write {name}: {error.strerror}") from error


def run(root, arguments):
    parsed = parse(arguments)
    named = allocators.parse_named(parsed.lib)
    directory = pathlib.Path(parsed.build).absolute() if parsed.build else root / "build" / "release"
    if parsed.list:
        _list(parsed, prepare.Places(root, directory))
        return 0
    if parsed.debug:
        return _debug(parsed, root, directory)
    if parsed.api:
        return _api(parsed, root, directory, named)
    places = prepare.Places(root, directory)
    wanted = [row for row in ROWS if not parsed.only or re.search(parsed.only, row.name)]
    if not wanted and not mechanisms.names(places, False, parsed.only):
        prepare.say(f"no row matches '{parsed.only}', of those that are known before the build (--list)")
    _install(parsed, wanted)
    prepare.say(f"building {directory}")
    prepare.build(root, directory, not parsed.build)
    rows, singles = _select(parsed, places)

    machine = summary.machine()
    newer, notes = newest.peers(root / "build") if parsed.newest else (None, [])
    measured, more = allocators.collect(root, directory, named, newer)
    notes += more
    for note in notes:
        prepare.say(note)
    for allocator in measured:
        allocators.prove(allocator, measure.environment())

    finished = []
    total = len(rows) + bool(singles)
    progress = _progress(lambda: len(finished), total, time.monotonic())
    runner = measure.Runner(places, 30 if parsed.quick else 120, parsed.seed)
    results = _run_rows(parsed, runner, rows, measured, notes, progress, finished)
    series, failed = ({}, {})
    if singles:
        series, failed = mechanisms.run(places, measured, singles, min(parsed.runs, 5), 0.02 if parsed.quick else 0.05, parsed.seed, progress)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)

    document = summary.document(parsed, measured, results, summary.summarise_mechanisms(series, failed), notes, machine)
    print(table.text(document))
    if parsed.json:
        _write(parsed.json, json.dumps(document, indent=1) + "\n")
    if parsed.svg:
        _write(parsed.svg, chart.draw(document))
    return 1 if table.failed(document) else 0
