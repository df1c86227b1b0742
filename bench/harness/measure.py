"""One run of one row under one allocator, and rounds of such runs."""
import dataclasses
import hashlib
import json
import os
import random
import re
import socket
import subprocess
import tempfile
import time

from . import BenchError, prepare

_METRIC = re.compile(r"^metric (\S+) (\S+) ?(\S*)$", re.MULTILINE)
_POINT = re.compile(r"^point (\S+) (\S+) (\S+)$", re.MULTILINE)
_REPORTS = (b"metric ", b"point ")  # lines that differ between allocators


def environment():
    """What measured programs see: nothing that would tune an allocator, except kslab's own options."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("KSLAB_")}
    return kept | {"PATH": prepare.search_path(), "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8"}


@dataclasses.dataclass
class Sample:
    wall: float = 0.0
    cpu: float = 0.0
    peak_mib: float = 0.0
    metrics: dict = dataclasses.field(default_factory=dict)
    curves: dict = dataclasses.field(default_factory=dict)
    output: str = ""
    failure: str = ""


class Runner:
    """Runs rows; remembers how much memory a row needs so that the next run finds it warm."""

    def __init__(self, places, limit_seconds, seed):
        self.places = places
        self.limit = limit_seconds
        self.order = random.Random(seed)
        self.peaks = {}

    def rounds(self, row, work, allocators, runs, progress):
        """Lists of samples by allocator: in each round every allocator once, in a new order."""
        self.places.make_inputs(row, work)
        samples = {allocator.name: [] for allocator in allocators}
        failed = {}
        for number in range(min(runs, row.most_runs)):
            order = [one for one in allocators if one.name not in failed and number < one.most_runs]
            self.order.shuffle(order)
            for allocator in order:
                progress(row.name, number, allocator.name)
                sample = self.run(row, work, allocator, check=number == 0)
                if sample.failure:
                    failed[allocator.name] = sample.failure
                samples[allocator.name].append(sample)
        return samples, failed

    def run(self, row, work, allocator, check):
        with tempfile.TemporaryDirectory(prefix="bench.") as scratch:
            command = self._command(row, work, allocator, scratch, check)
            try:
                sample = self._execute(row, work, command, scratch, allocator)
            except OSError as error:
                raise BenchError(f"row {row.name}: {error}") from error
            self._read(os.path.join(scratch, "report"), sample)
            self._judge(row, allocator, sample, check)
            self.peaks[row.name] = max(self.peaks.get(row.name, row.warm_mib * work // 100), sample.peak_mib)
        return sample

    def _command(self, row, work, allocator, scratch, check):
        warm = int(self.peaks.get(row.name, row.warm_mib * work // 100))
        command = [self.places.launcher, "--report", os.path.join(scratch, "report"), "--limit", str(self.limit)]
        if allocator.library:
            command += ["--preload", allocator.library]
        if row.library_path:
            command += ["--library-path", self.places.fill(row.library_path, work)]
        if warm >= 32:
            command += ["--warm", str(warm)]
        if check:
            command += ["--watch", allocator.file_name]
        program = [part.replace("{bin}/patterns/", "{bin}/" + allocator.programs + "/") for part in row.command]
        return command + ["--"] + [self.places.fill(part, work, scratch) for part in (*allocator.prefix, *program)]

    def _execute(self, row, work, command, scratch, allocator):
        settings = environment() | dict(row.environment)
        settings |= {name: self.places.fill(value, work, scratch) for name, value in allocator.environment}
        stdin = self.places.fill(row.stdin, work) if row.stdin else os.devnull
        with open(stdin, "rb") as source, open(os.path.join(scratch, "output"), "w+b") as sink, \
                open(os.path.join(scratch, "errors"), "w+b") as errors:
            process = subprocess.Popen(command, env=settings, stdin=source, stdout=sink, stderr=errors)
            try:
                client_seconds = self._drive(row, work, settings, scratch, process) if row.client else None
                process.wait()
            except BaseException:
                process.kill()
                raise
            sink.seek(0)
            text = sink.read()
            errors.seek(0)
            last = errors.read().decode(errors="replace").strip().splitlines()[-1:]
        sample = Sample(output=hashlib.sha256(b"\n".join(l for l in text.split(b"\n") if not l.startswith(_REPORTS))).hexdigest())
        if len(text) < 10000:
            for name, value, unit in _METRIC.findall(text.decode(errors="replace")):
                sample.metrics[name] = (float(value), unit)
            for curve, x, y in _POINT.findall(text.decode(errors="replace")):
                sample.curves.setdefault(curve, []).append((float(x), float(y)))
        sample.failure = last[0] if last else ""  # kept by _judge only if the run failed
        if client_seconds is not None:
            sample.wall = client_seconds
        if process.returncode != 0:
            raise BenchError(f"row {row.name}: the launcher ended with status {process.returncode}: {sample.failure or 'no message'}")
        return sample

    def _drive(self, row, work, settings, scratch, server):
        """Waits for the server's socket, runs the clients, returns the seconds of the first."""
        address = next(self.places.fill(part, work, scratch) for part in row.command if part.endswith(".sock"))
        until = time.monotonic() + 20
        while not _accepts(address):
            if time.monotonic() > until or server.poll() is not None:
                return 0.0  # the launcher's report tells what became of the server
            time.sleep(0.01)
        seconds = []
        for client in row.client:
            begin = time.monotonic()
            subprocess.run([self.places.fill(part, work, scratch) for part in client], env=settings, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=self.limit, check=False)
            seconds.append(time.monotonic() - begin)
        return seconds[0]

    def _read(self, report, sample):
        try:
            with open(report, encoding="ascii") as file:
                figures = json.load(file)
        except (OSError, ValueError) as error:
            raise BenchError(f"the launcher left no report: {error}") from error
        sample.wall = sample.wall or figures["wall"]
        sample.cpu = figures["user"] + figures["system"]
        sample.peak_mib = figures["peak_kib"] / 1024
        sample.metrics["_mapped"] = figures["mapped"]
        sample.metrics["_wall"] = figures["wall"]
        message = sample.failure
        sample.failure = ""
        if figures["timed_out"]:
            sample.failure = f"did not end within {self.limit} s"
        elif figures["signal"]:
            sample.failure = f"killed by signal {figures['signal']}"
        elif figures["exit"] != 0:
            sample.failure = f"exit status {figures['exit']}"
        if sample.failure and message:
            sample.failure += f" ({message[:160]})"

    @staticmethod
    def _judge(row, allocator, sample, check):
        mapped, lived = sample.metrics.pop("_mapped"), sample.metrics.pop("_wall")
        if check and not mapped and not sample.failure and lived > 0.05:
            sample.failure = f"{allocator.file_name} was not mapped in the program"
        if sample.failure:
            return
        if row.client and sample.wall <= 0:
            sample.failure = "the server did not answer"


def _accepts(address):
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(address)
        except OSError:
            return False
    return True
