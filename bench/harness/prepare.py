"""What has to be there before a run: packages, the build, and the programs' input files."""
import os
import re
import shutil
import subprocess
import sys

from . import BenchError, generated

TEMPLATES = ("table_index.sql", "pages.ps")


def say(text):
    print(text, file=sys.stderr, flush=True)


def install(packages):
    """Installs Debian packages; tells what could not be installed and goes on without."""
    packages = sorted(set(packages))
    if not packages:
        return
    say(f"installing {' '.join(packages)}")
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    try:
        subprocess.run([*sudo, "apt-get", "update", "-qq"], env=environment, check=False, stdout=sys.stderr)
        done = subprocess.run([*sudo, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
                              env=environment, check=False, stdout=subprocess.DEVNULL)
    except OSError as error:
        say(f"cannot install packages: {error}")
        return
    if done.returncode != 0:
        say("some packages could not be installed; their rows will not run")


def missing_packages(rows):
    """The packages of the rows whose program is not there."""
    return [package for row in rows for package in row.packages if not program_of(row)]


def program_of(row):
    """The path of the row's program, or None. Patterns are built, not found."""
    first = row.command[0]
    if first.startswith("{"):
        return first
    return shutil.which(first, path=search_path())


def search_path():
    """Programs of the system first, so that wrappers in a user's directories are not measured."""
    return "/usr/bin:/bin:/usr/sbin:/sbin:" + os.environ.get("PATH", "")


def build(root, directory, target_default):
    """Configures and builds the release with the benchmarks."""
    if not (directory / "CMakeCache.txt").exists() or target_default:
        if not (root / "CMakeLists.txt").exists():
            raise BenchError(f"no CMakeLists.txt in {root}, and {directory} is not a build tree")
        _run_quietly(["cmake", "-S", str(root), "-B", str(directory), "-DCMAKE_BUILD_TYPE=Release", "-DKSLAB_BENCH=ON"])
    if not re.search(r"^KSLAB_BENCH:\w+=(ON|1|TRUE|YES)$", (directory / "CMakeCache.txt").read_text(), re.M):
        raise BenchError(f"{directory} was built without the benchmarks (KSLAB_BENCH=ON)")
    _run_quietly(["cmake", "--build", str(directory), "--target", "benchmarks", "-j", str(os.cpu_count())])


def _run_quietly(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).strip().splitlines()
        errors = [line for line in lines if "rror" in line] or lines[-3:]
        raise BenchError(f"{' '.join(command[:3])} failed:\n  " + "\n  ".join(errors[:10]))


def python():
    """The system's Python if it is there: the interpreter is part of what is measured."""
    return "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else os.path.realpath(sys.executable)


class Places:
    """Fills the placeholders of commands and makes the inputs that they name."""

    def __init__(self, root, build_directory):
        self.source = root / "bench"
        self.binaries = build_directory / "bench"
        self.data = self.binaries / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self.launcher = str(self.binaries / "harness" / "launch")

    def fill(self, text, work, scratch=""):
        """scratch is a directory of this one run, with a name short enough for a socket."""
        return text.format(bin=self.binaries, source=self.source, data=self.data / str(work), work=work, scratch=scratch,
                           python=python())

    def shown(self, row, work):
        """The command line for the reader, without this machine's directories."""
        words = [self.fill(part, work, "$TMP") or "''" for part in row.command]
        if row.stdin:
            words += ["<", self.fill(row.stdin, work)]
        if row.client:
            words += ["; client:", *(self.fill(part, work, "$TMP") for part in row.client[0])]
        return " ".join(words).replace(str(self.binaries), "$BUILD/bench").replace(str(self.source), "bench")

    def make_inputs(self, row, work):
        """Makes the inputs of a row for this amount of work, unless an earlier run did."""
        if not any("{data}" in part for part in (*row.command, row.stdin)):
            return
        directory = self.data / str(work)
        directory.mkdir(exist_ok=True)
        for name in TEMPLATES:
            template = self.source / "workloads" / (name + ".in")
            _write(directory / name, template.read_text().replace("@WORK@", str(work)))
        _write(directory / "functions.c", generated.c_functions(4 * work))
        if any("repository.git" in part for part in row.command):
            _make_repository(directory / "repository.git", work)


def _write(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def _make_repository(path, work):
    marker = path / "complete"
    if marker.exists():
        return
    shutil.rmtree(path, ignore_errors=True)
    subprocess.run(["git", "init", "-q", "--bare", str(path)], check=True)
    subprocess.run(["git", "-C", str(path), "fast-import", "--quiet"], input=generated.git_history(4 * work), check=True)
    subprocess.run(["git", "-C", str(path), "symbolic-ref", "HEAD", "refs/heads/main"], check=True)
    marker.touch()
