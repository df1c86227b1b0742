"""Programs under valgrind, and what callgrind's files say; for the scripts beside this one."""
import collections
import glob
import os
import shutil
import subprocess
import sys
import tempfile


def skip_without_it():
    """Whether valgrind is not there; says so, as a test that is skipped must."""
    if shutil.which("valgrind") is None:
        print("skipped: valgrind is not installed")
        return True
    return False


def valgrind(command, *options, environment=None, before=None):
    """Runs the command; what it printed, and what valgrind said. `before` runs in the child."""
    run = subprocess.run(["valgrind", "--soname-synonyms=somalloc=NONE", *options, *command], env=environment,
                         capture_output=True, check=False, preexec_fn=before)
    if run.returncode != 0:
        sys.exit(f"valgrind {' '.join(command)} ended with {run.returncode}:\n{run.stderr.decode(errors='replace')[-2000:]}")
    return run.stdout, run.stderr.decode(errors="replace")


def _callgrind(command, out, *options, **more):
    return valgrind(command, "--tool=callgrind", "--compress-strings=no", "--compress-pos=no", f"--callgrind-out-file={out}",
                    *options, **more)


def functions(path):
    """For each function that a file of callgrind's knows, (object, name): [instructions of its own, calls it makes]."""
    counts = collections.defaultdict(lambda: [0, 0])
    current = None
    inside = ""
    after_calls = False
    with open(path, encoding="utf-8", errors="replace") as dump:
        for line in dump:
            if line.startswith("ob="):
                inside = os.path.basename(line[3:].strip())
            elif line.startswith("fn="):
                current = counts[inside, line[3:].strip()]
            elif line.startswith("calls="):
                if current is not None:
                    current[1] += int(line[6:].split()[0])
                after_calls = True
            elif line[0] in "0123456789+-*":
                # The line behind calls= is what the called function did.
                if not after_calls and current is not None:
                    current[0] += int(line.split()[1])
                after_calls = False
    return counts


def whole(command, *options, **more):
    """functions() of the command from its start to its end."""
    with tempfile.TemporaryDirectory() as directory:
        _callgrind(command, f"{directory}/out", *options, **more)
        return functions(f"{directory}/out")


def between_marks(program, **more):
    """What the program printed, a line for each measurement, as lists of words; and functions() of each.

    Callgrind zeroes its counters at measure_begin and dumps them at measure_end: what a dump has for a function is the
    work of exactly as many calls as the program says.
    """
    with tempfile.TemporaryDirectory() as directory:
        text, said = _callgrind([program], f"{directory}/out", "--zero-before=measure_begin", "--dump-before=measure_end", **more)
        rows = [line.split() for line in text.decode().splitlines()]
        dumps = sorted(glob.glob(f"{directory}/out.*"), key=lambda name: int(name.rsplit(".", 1)[1]))
        if len(dumps) < len(rows):
            sys.exit(f"{program}: {len(dumps)} dumps for {len(rows)} measurements:\n{said}")
        return [(row, functions(dump)) for row, dump in zip(rows, dumps)]
