"""Inputs that are too large to keep: a C source and a git history. The same text every time."""
import random

_WORDS = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau".split()


def c_functions(count):
    parts = ["#include <stddef.h>\n"]
    for number in range(count):
        parts.append(f"""
static int step{number}(const int *values, size_t count, int bound) {{
  int sum = {number % 17};
  for (size_t i = 0; i < count; i++) {{
    if (values[i] > bound) sum += values[i] * {number % 7 + 2};
    else if (values[i] % {number % 5 + 2} == 0) sum -= values[i] >> {number % 4 + 1};
    switch (sum & 7) {{ case 1: sum += {number % 11}; break; case 3: sum ^= bound; break; default: sum++; }}
  }}
  return sum;
}}
int call{number}(const int *values, size_t count) {{ return step{number}(values, count, {number}) + step{number}(values, count / 2, 3); }}
""")
    return "".join(parts)


def git_history(commits):
    """A stream for git fast-import: files that grow, change and are renamed."""
    generator = random.Random(1)
    files = {}
    out = []
    for number in range(commits):
        message = f"commit {number}"
        out.append(f"commit refs/heads/main\nauthor A <a@example.org> {1000000000 + number * 3600} +0000\n"
                   f"committer A <a@example.org> {1000000000 + number * 3600} +0000\ndata {len(message)}\n{message}\n")
        for _ in range(3):
            name = f"directory{generator.randrange(8)}/file{generator.randrange(40)}.txt"
            lines = files.setdefault(name, [])
            for _ in range(12):
                lines.insert(generator.randrange(len(lines) + 1), " ".join(generator.choices(_WORDS, k=9)))
            del lines[600:]
            text = "\n".join(lines) + "\n"
            out.append(f"M 100644 inline {name}\ndata {len(text)}\n{text}\n")
        if number % 10 == 9:
            old = generator.choice(sorted(files))
            new = f"directory{generator.randrange(8)}/moved{number}.txt"
            files[new] = files.pop(old)
            out.append(f"R {old} {new}\n")
    return "".join(out).encode()
