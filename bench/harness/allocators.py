"""Where the allocators are, what version they have, and whether preloading them works."""
import dataclasses
import pathlib
import re
import subprocess

from . import BenchError

# Name, soname, Debian package.
PEERS = (
    ("jemalloc", "libjemalloc.so.2", "libjemalloc2"),
    ("mimalloc", "libmimalloc.so.2", "libmimalloc2.0"),
    ("tcmalloc", "libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"),
)


@dataclasses.dataclass(frozen=True)
class Allocator:
    name: str
    library: str = ""  # empty for glibc, which needs no preload
    version: str = ""
    environment: tuple = ()  # pairs of name and value that its runs see besides
    prefix: tuple = ()  # a command that runs the program (valgrind)
    programs: str = "patterns"  # where the patterns are that were built for it
    most_runs: int = 1000  # for what is slow

    @property
    def file_name(self):
        """What the mapping is called in /proc/PID/maps: the file that a link leads to."""
        return pathlib.Path(self.library).resolve().name if self.library else "libc.so.6"


def _output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def _package_version(package):
    return _output("dpkg-query", "-W", "-f=${Version}", package)


def library_path(soname):
    found = re.search(rf"^\s*{re.escape(soname)} .*=> (\S+)$", _output("/sbin/ldconfig", "-p"), re.MULTILINE)
    if found:
        return found.group(1)
    # A library whose own name is another one is not in the loader's list.
    there = [path for path in (pathlib.Path("/usr/lib", soname), *pathlib.Path("/usr/lib").glob(f"*-linux-gnu/{soname}")) if path.exists()]
    return str(there[0]) if there else ""


def installed_peers():
    """The peers that this machine has, and the packages of those that it lacks."""
    found, missing = [], []
    for name, soname, package in PEERS:
        path = library_path(soname)
        if path:
            found.append(Allocator(name, path, _package_version(package) or "version unknown"))
        else:
            missing.append(package)
    return found, missing


def _revision(root):
    revision = _output("git", "-C", str(root), "describe", "--always", "--dirty")
    return f"revision {revision}" if revision else "built here"


def collect(root, build, named_libraries, newest=None):
    """glibc, kslab, the peers (or those in newest), then the libraries named by --lib; and notes on what is missing."""
    notes = []
    result = [Allocator("glibc", "", _package_version("libc6") or _output("getconf", "GNU_LIBC_VERSION"))]
    extra = dict(named_libraries)
    kslab = pathlib.Path(extra.pop("kslab", build / "libkslab.so"))
    if kslab.exists():
        result.append(Allocator("kslab", str(kslab.resolve()), _revision(root)))
    else:
        notes.append("kslab: skipped, the build has no libkslab.so yet")
    peers, missing = (newest, []) if newest else installed_peers()
    result += [peer for peer in peers if peer.name not in extra]
    notes += [f"package {package} is not installed; its allocator is skipped" for package in missing]
    result += [Allocator(name, str(pathlib.Path(path).resolve()), "given by --lib") for name, path in extra.items()]
    return result, notes


def parse_named(texts):
    named = []
    for text in texts:
        name, equals, path = text.partition("=")
        if not equals or not re.fullmatch(r"[\w.+-]+", name) or not path:
            raise BenchError(f"--lib wants NAME=PATH, not '{text}'")
        if name == "glibc":
            raise BenchError("--lib glibc=...: glibc is the baseline and is never preloaded")
        if not pathlib.Path(path).is_file():
            raise BenchError(f"--lib {name}: there is no file {path}")
        named.append((name, path))
    return named


def prove(allocator, environment):
    """Runs a program under the allocator and demands that the loader bound its malloc and free there."""
    settings = dict(environment, LD_DEBUG="bindings", LD_BIND_NOW="1")
    if allocator.library:
        settings["LD_PRELOAD"] = allocator.library
    done = subprocess.run(["/bin/cat", "/proc/self/maps"], env=settings, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"{allocator.name}: /bin/cat fails under it (status {done.returncode})")
    if allocator.file_name not in done.stdout:
        raise BenchError(f"{allocator.name}: {allocator.library} was preloaded but is not mapped")
    for symbol in ("malloc", "free"):
        bound = re.search(rf"binding file /bin/cat \[0\] to (\S+) \[0\]: normal symbol `{symbol}'", done.stderr)
        if bound and pathlib.Path(bound.group(1)).resolve().name != allocator.file_name:
            raise BenchError(f"{allocator.name}: {symbol} of the probe is bound to {bound.group(1)}")
        if not bound:
            raise BenchError(f"{allocator.name}: the loader does not say where {symbol} is bound")
