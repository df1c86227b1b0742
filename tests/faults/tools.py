"""The tools that scripts/faults compares: how each runs a program, and how it says that it found something.

A tool has found a fault when the program ends with anything but 0, or what it writes matches `report`.
A tool with several environments runs the program once with each, and has found what any of these runs has.
"""
import glob
import re
import sys

sys.dont_write_bytecode = True
import corpus  # noqa: E402

SECONDS = 60


class Tool:
    def __init__(self, name, environments, report=None, prefix=(), packages=(), rebuilt=False, needs=()):
        self.name, self.environments, self.prefix = name, environments, list(prefix)
        self.report = re.compile(report, re.MULTILINE) if report else None
        self.packages, self.rebuilt, self.needs = packages, rebuilt, needs

    def missing(self):
        """The files that it needs and that are not there."""
        return [pattern for pattern in self.needs if not glob.glob(pattern)]

    def _environment(self, settings):
        more = dict(settings)
        if "LD_PRELOAD" in more:
            more["LD_PRELOAD"] = glob.glob(more["LD_PRELOAD"])[0]
        return corpus.clean_environment(**more)

    def alarms(self, binary):
        """Whether it reports or stops this program; None when the program did not end."""
        late = False
        for settings in self.environments:
            run = corpus.Run([*self.prefix, str(binary)], self._environment(settings), SECONDS)
            if run.status is None:
                late = True
            elif run.status != 0 or (self.report and self.report.search(run.errors)):
                return True
        return None if late else False


def preload(library, **settings):
    return {"LD_PRELOAD": library, **settings}


def kslab(name, library, *settings):
    return Tool(name, [preload(library, KSLAB_SYMBOLIZER="none", **one) for one in settings], report="^BUG ",
                needs=[library])


def all_tools(library):
    debug_libc = "/lib/*/libc_malloc_debug.so.0"
    fence = next(iter(glob.glob("/usr/lib/*/libefence.so.0.0")), "/usr/lib/libefence.so.0.0")
    duma = next(iter(glob.glob("/usr/lib/*/libduma.so.0.0.0")), "/usr/lib/libduma.so.0.0.0")
    ef = {"EF_DISABLE_BANNER": "1", "EF_ALLOW_MALLOC_0": "1", "EF_PROTECT_FREE": "1"}
    du = {"DUMA_DISABLE_BANNER": "1", "DUMA_ALIGNMENT": "1"}
    return [
        Tool("glibc", [{}]),
        Tool("MALLOC_CHECK_=3", [preload(debug_libc, MALLOC_CHECK_="3")], needs=[debug_libc]),
        Tool("Electric Fence, aligned ends", [preload(fence, **ef)], packages=["electric-fence"], needs=[fence]),
        Tool("Electric Fence, exact ends", [preload(fence, EF_ALIGNMENT="1", **ef)],
             packages=["electric-fence"], needs=[fence]),
        Tool("Electric Fence, starts", [preload(fence, EF_PROTECT_BELOW="1", **ef)],
             packages=["electric-fence"], needs=[fence]),
        Tool("DUMA, ends", [preload(duma, **du)], packages=["duma"], needs=[duma]),
        Tool("DUMA, starts", [preload(duma, DUMA_PROTECT_BELOW="1", **du)], packages=["duma"], needs=[duma]),
        Tool("AddressSanitizer (rebuilt)", [{"ASAN_OPTIONS": "detect_leaks=1:alloc_dealloc_mismatch=1"}],
             report="(Address|Leak)Sanitizer", rebuilt=True),
        Tool("valgrind memcheck", [{}], report=r"^==\d+== ", packages=["valgrind"], needs=["/usr/bin/valgrind"],
             prefix=["valgrind", "-q", "--leak-check=full", "--show-leak-kinds=definite,indirect",
                     "--errors-for-leak-kinds=definite", "--error-exitcode=98"]),
        kslab("kslab, no debugging", library, {}),
        kslab("kslab 1", library, corpus.MODES["1"]),
        kslab("kslab full", library, corpus.MODES["full"]),
        kslab("kslab full, both ends", library, corpus.MODES["exact"], corpus.MODES["start"]),
    ]
