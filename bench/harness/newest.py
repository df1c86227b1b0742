"""The peers' newest releases: Debian unstable's packages, unpacked below the build tree, not installed.

Their digests are in a list whose digest is in a file that Debian signed. How old that file is is not asked.
"""
import dataclasses
import hashlib
import http.client
import lzma
import pathlib
import re
import shutil
import subprocess
import urllib.error
import urllib.request

from . import BenchError, allocators, prepare

KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
# As allocators.PEERS: name, package by a pattern (its name holds the library's version), library.
PACKAGES = (
    ("jemalloc", r"libjemalloc\d", "libjemalloc.so.*"),
    ("mimalloc", r"libmimalloc\d+", "libmimalloc.so.*"),
    ("tcmalloc", r"libtcmalloc-minimal\w*", "libtcmalloc_minimal.so.*"),
)


def _site():
    """Where this machine's apt gets Debian from; security updates have a label of their own."""
    listed = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian"],
                            capture_output=True, text=True, check=False).stdout.split()
    sites = [site for site in listed if site.startswith("http")]
    if not sites:
        raise BenchError("--newest: apt names no place to get Debian's packages from")
    return sites[0].rstrip("/")


def _get(address):
    try:
        with urllib.request.urlopen(address, timeout=120) as answer:
            return answer.read()
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise BenchError(f"--newest: cannot get {address}: {error}") from error


def _checked(address, size, digest):
    data = _get(address)
    if len(data) != int(size) or hashlib.sha256(data).hexdigest() != digest:
        raise BenchError(f"--newest: {address} is not what Debian's index says")
    return data


def _index(site, directory):
    """The stanzas of unstable's list of packages, whose digest is in a file that Debian signed."""
    architecture = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()
    received, signed = directory / "InRelease", directory / "Release"  # only what lies within the signature counts
    received.write_bytes(_get(f"{site}/dists/unstable/InRelease"))
    signed.unlink(missing_ok=True)
    checked = subprocess.run(["gpgv", "-q", "--keyring", KEYS, "--output", str(signed), str(received)], capture_output=True, check=False)
    if checked.returncode != 0 or not signed.exists():
        raise BenchError(f"--newest: {received} has no signature of Debian's that gpgv accepts ({KEYS})")
    name = f"main/binary-{architecture}/Packages.xz"
    found = re.search(rf"^ ([0-9a-f]{{64}}) +(\d+) {re.escape(name)}$", signed.read_text(), re.MULTILINE)
    if not found:
        raise BenchError(f"--newest: unstable has no {name}")
    return lzma.decompress(_checked(f"{site}/dists/unstable/{name}", found[2], found[1])).decode().split("\n\n")


def _fetch(site, stanza, directory):
    """Unpacks a package; its files lie below the directory as they would below /."""
    field = dict(re.findall(r"^(\w+): (.*)$", stanza, re.MULTILINE))
    place = directory / f"{field['Package']}_{field['Version']}"
    if not place.exists():
        archive = directory / "package.deb"
        archive.write_bytes(_checked(f"{site}/{field['Filename']}", field["Size"], field["SHA256"]))
        unpacked = directory / "unpacked"
        shutil.rmtree(unpacked, ignore_errors=True)
        if subprocess.run(["dpkg", "-x", str(archive), str(unpacked)], check=False).returncode != 0:
            raise BenchError(f"--newest: dpkg cannot unpack {archive}")
        archive.unlink()
        unpacked.rename(place)
    return place, field["Version"]


def peers(build):
    """The installed peers, each replaced by its newest release where that loads on this system; and notes on the others."""
    lacking = [tool for tool in ("apt-get", "dpkg", "gpgv") if not shutil.which(tool)]
    if lacking:
        raise BenchError(f"--newest: there is no {lacking[0]}; it needs apt, dpkg and gpgv")
    directory = pathlib.Path(build) / "newest"
    directory.mkdir(parents=True, exist_ok=True)
    prepare.say("getting the peers' newest packages")
    site = _site()
    stanzas = _index(site, directory)
    installed, notes = {peer.name: peer for peer in allocators.installed_peers()[0]}, []
    for name, package, library in PACKAGES:
        found = [one for one in stanzas if re.match(rf"Package: {package}\n", one)]
        if not found:
            notes.append(f"{name}: unstable has no package {package}; {_stays(installed, name)}")
            continue
        place, version = _fetch(site, found[-1], directory)  # while both are there, the old library sorts before the new one
        files = sorted(place.rglob(library))
        if not files:
            notes.append(f"{name} {version} has no {library}; {_stays(installed, name)}")
            continue
        path = str(files[-1].resolve())
        loads = subprocess.run(["/bin/true"], env={"LD_PRELOAD": path}, capture_output=True, text=True, check=False)
        if loads.returncode or loads.stderr:
            wants = re.search(r"version `(\S+)' not found", loads.stderr)
            reason = f"does not load here{f' (it wants {wants[1]})' if wants else ''}"
            notes.append(f"{name} {version} {reason}; {_stays(installed, name)}")
            continue
        installed[name] = dataclasses.replace(installed.get(name, allocators.Allocator(name)),
                                              library=path, version=f"{version} (unstable)")
    return list(installed.values()), notes


def _stays(installed, name):
    return f"{installed[name].version} is measured" if name in installed else "it is not measured"
