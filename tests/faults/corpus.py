"""The corpus of faulty programs: what the comments at the top of each say, and how to build and run them.

Shared by tests/faults/run (one program under kslab) and scripts/faults (all programs under many tools).
"""
import functools
import os
import pathlib
import re
import signal
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# What a mode of `// finds:` means.
MODES = {
    "1": {"KSLAB_DEBUG": "1"},
    "full": {"KSLAB_DEBUG": "full"},
    "exact": {"KSLAB_DEBUG": "full", "KSLAB_GUARD": "exact"},
    "start": {"KSLAB_DEBUG": "full", "KSLAB_GUARD": "start"},
}

# Findings at which the program dies by the signal that they explain.
FATAL = {"read-overflow", "write-overflow", "read-underflow", "write-underflow", "read-after-free",
         "write-after-free-fault", "poison-pointer"}

MARKS = ("alloc", "free", "check", "access")

# Bugs are meant, so no warnings; -fno-builtin and -fno-allocation-dce (GCC) keep the compiler from removing them.
C_FLAGS = ["-std=gnu11"]
CXX_FLAGS = ["-std=gnu++20"]
FLAGS = ["-O1", "-g", "-fno-builtin", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls", "-w",
         "-U_FORTIFY_SOURCE", "-pthread"]


class Finding:
    """One `// finds:` line with the lines that belong to it."""

    def __init__(self, kind, mode, count):
        self.kind, self.mode, self.count = kind, mode, count
        self.texts = []
        self.exit = None

    @property
    def fatal(self):
        return any(re.fullmatch(self.kind, kind) for kind in FATAL)

    def status(self):
        """The exit status as subprocess has it."""
        if self.exit is not None:
            word, value = self.exit.split()
            return -getattr(signal, "SIG" + value) if word == "signal" else int(value)
        return -signal.SIGSEGV if self.fatal else 0


class Program:
    """One source file. `marks` has, for each of MARKS, the lines marked with it."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.area = self.path.parent.name
        self.name = f"{self.area}/{self.path.stem}"
        self.findings, self.label, self.form, self.needs = [], "full", "preload", []
        self.marks = {mark: set() for mark in MARKS}
        self._exit = None
        lines = self.path.read_text().splitlines()
        for line in lines:
            if not line.startswith("//"):
                break
            self._header(line[2:].strip())
        for number, line in enumerate(lines, 1):
            found = re.search(r"// <- ([a-z, ]+)$", line)
            for mark in re.split(r", *", found[1]) if found else []:
                self.marks[mark].add(number)
        if not self.findings:
            raise ValueError(f"{self.path}: no // finds: line")

    def _header(self, line):
        key, _, value = line.partition(": ")
        value = value.strip()
        if key == "finds":
            match = re.fullmatch(r"(\S+) +mode: (\w+)(?: +count: (\w+))?", value)
            if not match or match[2] not in MODES:
                raise ValueError(f"{self.path}: {line}")
            self.findings.append(Finding(match[1], match[2], match[3] or "1"))
        elif key == "text":
            self.findings[-1].texts.append(value)
        elif key == "exit":
            self.findings[-1].exit = value if " " in value else "exit " + value
        elif key == "label":
            self.label = value
        elif key == "form":
            self.form = value
        elif key == "needs":
            self.needs.append(value)

    @property
    def only_kslab(self):
        return self.form == "linked" or "kslab" in self.needs

    def compile_command(self, output, fixed, extra=()):
        cxx = self.path.suffix == ".cpp"
        compiler = os.environ.get("CXX", "c++") if cxx else os.environ.get("CC", "cc")
        command = [compiler, *(CXX_FLAGS if cxx else C_FLAGS), *FLAGS, "-I", str(HERE)]
        if cxx and not is_clang(compiler):
            command.append("-fno-allocation-dce")
        if fixed:
            command.append("-DFIXED")
        return [*command, *extra, str(self.path), "-o", str(output)]


@functools.lru_cache
def is_clang(compiler):
    done = subprocess.run([compiler, "--version"], stdout=subprocess.PIPE, check=False)
    return b"clang" in done.stdout


def programs(only=None):
    found = sorted([*HERE.glob("*/*.c"), *HERE.glob("*/*.cpp")])
    result = [Program(path) for path in found]
    return [p for p in result if only is None or re.search(only, p.name)]


def titles():
    """JSON name -> title of the BUG line, from the table in src/debug/report/finding.h."""
    table = (ROOT / "src/debug/report/finding.h").read_text()
    return {kind: title for title, kind in re.findall(r'X\(\w+, "([^"]+)", "([^"]+)"\)', table)}


def clean_environment(**more):
    """The environment without what steers an allocator or another tool."""
    unwanted = re.compile(r"LD_PRELOAD|GLIBC_TUNABLES|KSLAB_|MALLOC_|EF_|DUMA_|ASAN_|LSAN_|UBSAN_|VALGRIND")
    kept = {key: value for key, value in os.environ.items() if not unwanted.match(key)}
    return {**kept, "LC_ALL": "C", **more}


class Run:
    """What one run wrote, and how it ended; status None: it took too long."""

    def __init__(self, command, environment, seconds):
        try:
            done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, timeout=seconds,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            self.status, self.errors = done.returncode, done.stderr.decode(errors="replace")
        except subprocess.TimeoutExpired as late:
            self.status, self.errors = None, (late.stderr or b"").decode(errors="replace")
