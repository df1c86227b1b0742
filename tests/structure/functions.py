"""Finds functions in C and C++ text and says how long they are. Good enough for this tree's style, no parser."""
import re

KEYWORDS = re.compile(r"^(if|for|while|switch|else|do|catch|return|namespace|extern|struct|class|enum|union)\b")
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def without_text(source):
    """The source with comments, strings and preprocessor lines blanked; lines stay where they are."""
    source = NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), source)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda match: re.sub(r"[^\n]", " ", match.group()), source,
                  flags=re.M)


def opens_function(head):
    """Whether a brace after `head`, the text since the last ; or brace, opens the body of a function."""
    head = head.strip()
    if not head or KEYWORDS.match(head) or head.endswith(("=", ",", "(", "return")):
        return False
    return re.search(r"\)\s*(const|noexcept|override|mutable|final|->[\w\s:<>*&,]+|:[^;{}]*)*\s*$", head) is not None


def functions(source):
    """(first line, number of lines) of each function; what is inside another function belongs to that."""
    found = []
    depth = 0
    start = None  # depth and line of the function we are in
    head_at = 0
    text = without_text(source)
    for at, character in enumerate(text):
        if character == "{":
            head = text[head_at:at]
            if start is None and opens_function(head):
                blank = len(head) - len(head.lstrip())
                start = (depth, text.count("\n", 0, head_at + blank) + 1)
            depth += 1
            head_at = at + 1
        elif character == "}":
            depth -= 1
            if start is not None and depth == start[0]:
                found.append((start[1], text.count("\n", 0, at) + 2 - start[1]))
                start = None
            head_at = at + 1
        elif character == ";":
            head_at = at + 1
    return found
