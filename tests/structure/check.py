#!/usr/bin/env python3
"""check.py CHECK [ROOT]: what the source tree promises about itself.

rooms         a file includes only its own room and rooms further down (rooms.txt)
lengths       no file has more than 500 lines, no function more than 60
top_level     nothing unexpected lies at the top of the tree
hot_header    thread_cache.h stays short enough to be read at once
option_table  the README's table of options is that of src/config/options.h
manual        each function of the C headers is in the NAME section of a manual page, and what is there is in a header
leftovers     no marks of unfinished work
self_test     each of these checks finds what it is there to find
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from functions import functions

HERE = os.path.dirname(os.path.abspath(__file__))
CODE = (".h", ".hpp", ".c", ".cpp")
TEXT = CODE + (".py", ".sh", ".txt", ".cmake", ".md", ".map", ".ld", "")
ROOTS = ("include", "preload", "src", "tests", "bench", "scripts")
TOP_LEVEL = {"CMakeLists.txt", "src", "include", "preload", "tests", "bench", "scripts", "README.md", "LICENSE"}
# What builds leave behind; .gitignore names it.
BUILT = {"build"}
MOST_LINES = 500
MOST_FUNCTION_LINES = 60
MOST_HOT_LINES = 150


def files(root, endings, under=ROOTS):
    for top in under:
        for directory, names, entries in os.walk(os.path.join(root, top)):
            names[:] = sorted(name for name in names if name != "__pycache__")
            for entry in sorted(entries):
                if os.path.splitext(entry)[1] in endings:
                    yield os.path.relpath(os.path.join(directory, entry), root)


def read(root, name):
    with open(os.path.join(root, name), encoding="utf-8", errors="replace") as file:
        return file.read()


def read_rooms():
    order, public = [], set()
    for line in read(HERE, "rooms.txt").splitlines():
        words = line.split("#")[0].split()
        if words:
            order.append(words[0])
            if "public" in words[1:]:
                public.add(words[0])
    return order, public


def room_of(name, order):
    return next((room for room in order if name.startswith(room + "/")), None)


def included_file(root, name, target):
    """The file of this tree that `target` names in an #include of `name`, or None."""
    for base in (os.path.dirname(name), "src", "include"):
        path = os.path.normpath(os.path.join(base, target))
        if os.path.isfile(os.path.join(root, path)):
            return path
    return None


def rooms(root):
    order, public = read_rooms()
    for name in files(root, CODE, ("include", "preload", "src")):
        room = room_of(name, order)
        if room is None:
            yield f"{name}: its room is not in rooms.txt"
            continue
        for number, line in enumerate(read(root, name).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', line)
            target = included_file(root, name, match.group(1)) if match else None
            other = room_of(target, order) if target else None
            if other is None or other == room or (other in public and room not in public):
                continue
            if room in public or order.index(other) < order.index(room):
                yield f"{name}:{number}: {room} includes {target}, which is further up"


def python_functions(source):
    lines = source.splitlines()
    for at, line in enumerate(lines):
        match = re.match(r"(\s*)def ", line)
        if match is None:
            continue
        end = at + 1
        while end < len(lines) and (not lines[end].strip() or
                                    len(lines[end]) - len(lines[end].lstrip()) > len(match.group(1))):
            end += 1
        yield at + 1, len("\n".join(lines[at:end]).rstrip().splitlines())


def lengths(root):
    for name in files(root, TEXT):
        source = read(root, name)
        count = len(source.splitlines())
        if count > MOST_LINES:
            yield f"{name}: {count} lines, at most {MOST_LINES}"
        found = functions(source) if name.endswith(CODE) else python_functions(source) if name.endswith(".py") else []
        for line, function_lines in found:
            if function_lines > MOST_FUNCTION_LINES:
                yield f"{name}:{line}: a function of {function_lines} lines, at most {MOST_FUNCTION_LINES}"


def top_entries(root):
    """What is under version control; everything where there is none. What tests leave behind does not count."""
    if os.path.exists(os.path.join(root, ".git")) and shutil.which("git"):
        listing = subprocess.run(["git", "-C", root, "ls-tree", "--name-only", "HEAD"], capture_output=True,
                                 text=True, check=False)
        if listing.returncode == 0:
            return listing.stdout.splitlines()
    return os.listdir(root)


def top_level(root):
    for entry in sorted(top_entries(root)):
        if entry not in TOP_LEVEL | BUILT and not entry.startswith("."):
            yield f"{entry} does not belong to the top of the tree"


def hot_header(root):
    count = len(read(root, "src/thread/thread_cache.h").splitlines())
    if count > MOST_HOT_LINES:
        yield f"thread_cache.h: {count} lines, at most {MOST_HOT_LINES}"


def default_in_words(kind, initial):
    """`size_t{256} << 10` as 256K, `deepbind::keep` as keep."""
    if kind == "choice":
        word = initial.split("::")[-1].strip()
        return {"off": "0", "on": "1", "go_on": "continue"}.get(word, word)
    if kind == "text":
        return "unset"
    value = 0
    match = re.fullmatch(r"(?:size_t\{)?(\d+)\}?(?:\s*<<\s*(\d+))?", initial.strip())
    if match:
        value = int(match.group(1)) << int(match.group(2) or 0)
    if kind == "size":
        for unit, shift in (("G", 30), ("M", 20), ("K", 10)):
            if value and value % (1 << shift) == 0:
                return f"{value >> shift}{unit}"
    return str(value)


def option_rows(root):
    source = read(root, "src/config/options.h").replace("\\\n", " ")
    pattern = r'X\(\s*(\w+),\s*(\w+),\s*\w+,\s*\w+,\s*([^,]+),\s*"([^"]*)",\s*"([^"]*)"\s*\)'
    return {name: (domain, default_in_words(kind, initial), text)
            for kind, name, initial, domain, text in re.findall(pattern, source)}


def option_table(root):
    options = option_rows(root)
    if not options:
        yield "src/config/options.h: no table of options found"
        return
    if not os.path.exists(os.path.join(root, "README.md")):
        print("skipped: there is no README.md")
        sys.exit(77)
    shown = {}
    for line in read(root, "README.md").splitlines():
        match = re.match(r"\|\s*`?(?:KSLAB_)(\w+)`?\s*\|", line)
        if match:
            shown[match.group(1)] = line.replace("\\|", "|").replace("`", "")
    if not shown:
        print("skipped: README.md has no table of options")
        sys.exit(77)
    for name in sorted(set(options) | set(shown)):
        if name not in shown:
            yield f"README.md does not list KSLAB_{name}"
        elif name not in options:
            yield f"README.md lists KSLAB_{name}, which is no option"
        else:
            for part in options[name]:
                if part not in shown[name]:
                    yield f"README.md: the row of KSLAB_{name} does not say: {part}"
    if os.path.exists(os.path.join(root, "src/tools/man/kslab.7")):
        page = read(root, "src/tools/man/kslab.7")
        for name in options:
            if not re.search(rf"^\.BR?I? KSLAB_{name}=| KSLAB_{name} ", page, re.MULTILINE):
                yield f"src/tools/man/kslab.7 does not list KSLAB_{name}"


# Behind macros and inlined functions, which are what programs call.
NO_PAGE = {"kmalloc_track", "kslab_kmalloc_called", "kslab_kmem_cache_alloc_called", "kslab_kmem_cache_free_called",
           "kslab_inline_pop", "kslab_inline_push", "kslab_per_cpu_ptr", "kslab_this_cpu_ptr", "KSLAB_INLINE_LIKELY"}


def declared(root):
    """Functions and macros with arguments of the C headers, and where they are."""
    names = {}
    for name in files(root, (".h",), ("include",)):
        text = re.sub(r"/\*.*?\*/|//[^\n]*|\\\n", "", read(root, name), flags=re.DOTALL)
        for macro in re.findall(r"^#\s*define\s+(\w+)\(", text, re.MULTILINE):
            names[macro] = name
        text = re.sub(r'^#.*|extern "C" *\{?|__(asm|attribute)__ *\(.*?\)+(?=[\s;{])', "", text, flags=re.MULTILINE)
        bodies = 1
        while bodies:
            text, bodies = re.subn(r"\{[^{}]*\}", ";", text)
        for statement in text.split(";"):
            function = re.search(r"(\w+)\s*\(", statement)
            if function and not statement.strip().startswith("typedef"):
                names[function.group(1)] = name
    return names


def manual(root):
    known, shown = declared(root), set()
    cxx = "".join(read(root, name) for name in files(root, (".hpp",), ("include",)))
    for name in files(root, (".3",), ("src",)):
        heading = re.search(r"^\.SH NAME\n(.*?)\\-", read(root, name), re.MULTILINE | re.DOTALL)
        if not heading:
            yield f"{name} has no NAME section"
            continue
        for function in filter(None, re.split(r"[,\s]+", heading.group(1))):
            shown.add(function)
            in_cxx = "::" in function and re.search(rf"(class|using|struct) {function.split('::')[-1]}\b|\b{function.split('::')[-1]}\(", cxx)
            if function not in known and not in_cxx:
                yield f"{name}: {function} is in no header"
    for function, header in sorted(known.items()):
        if function not in shown | NO_PAGE:
            yield f"{header}: {function} has no manual page"


def leftovers(root):
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
    for name in files(root, TEXT):
        for number, line in enumerate(read(root, name).splitlines(), 1):
            if marks.search(line):
                yield f"{name}:{number}: {line.strip()}"


# ---- Each check on a small tree that breaks its rule.

BROKEN = {
    "rooms": {"src/os/low.cpp": '#include "kmalloc/high.h"\n', "src/kmalloc/high.h": ""},
    "lengths": {"src/os/long.cpp": "int f(int a) {\n" + "    a++;\n" * 60 + "    return a;\n}\n"},
    "top_level": {"notes.txt": ""},
    "hot_header": {"src/thread/thread_cache.h": "\n" * 200},
    "option_table": {"src/config/options.h": 'X(size, LIMIT, limit, size_t, 0, "bytes", "no more")',
                     "README.md": "| `KSLAB_LIMIT` | bytes | 5 | no more |\n"},
    "manual": {"include/kslab/some.h": "/* Says kslab_more(). */\nvoid *kslab_some(int of)\n    __asm__(\"x\");\n",
               "src/tools/man/some.3": ".SH NAME\nkslab_more \\- some\n", "src/tools/man/none.3": ".SH SYNOPSIS\n"},
    "leftovers": {"src/os/low.cpp": "// TO" "DO\n"},
}


# More than one.
FINDINGS = {"manual": 3}


def self_test(_):
    for name, tree in BROKEN.items():
        with tempfile.TemporaryDirectory() as root:
            for path, content in tree.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(content)
            found = list(CHECKS[name](root))
            if len(found) < FINDINGS.get(name, 1):
                yield f"{name} does not find all that is wrong, only {found}"


CHECKS = {check.__name__: check
          for check in (rooms, lengths, top_level, hot_header, option_table, manual, leftovers, self_test)}


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in CHECKS:
        print(__doc__)
        return 2
    root = sys.argv[2] if len(sys.argv) > 2 else os.path.join(HERE, "..", "..")
    wrong = list(CHECKS[sys.argv[1]](root))
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
