"""The habits of the house: sizes, layout, comments. Each check yields "file:line: what"."""

import re
import subprocess

from source import ROOT, sources

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70

# What may be longer, and why: "file" or "file:function". Only flat tables and state switches.
LONGER = {}

PROTOTYPE = r"^(?!typedef\b|static\b)\w[\w\s*]*?\b(\w+)\s*\([^;]*\)\s*;"

LINE_COLUMNS_MAX = 100
TEXT_ENDINGS = (".c", ".cc", ".h", ".py", ".conf", ".md", ".in", ".1", ".sh", ".supp")
TEXT_FOLDERS = ("src", "include", "tests", "conf", "templates", "systemd", "doc", "tools")


def check_file_length():
    """no file is over 600 lines"""
    for source in sources("src", "include", "tests", endings=(".c", ".cc", ".h", ".py")):
        if len(source.lines) > FILE_LINES_MAX and source.name not in LONGER:
            yield f"{source.name}:1: {len(source.lines)} lines, at most {FILE_LINES_MAX}"


def check_function_length():
    """no function is over 70 lines"""
    for source in sources("src", "tests", endings=(".c", ".cc")):
        for line, name, length in source.functions():
            if length > FUNCTION_LINES_MAX and f"{source.name}:{name}" not in LONGER:
                what = f"{name}() has {length} lines, at most {FUNCTION_LINES_MAX}"
                yield f"{source.name}:{line}: {what}"


def check_white_space():
    """no tabs, no trailing blanks, a newline at the end"""
    for source in sources(*TEXT_FOLDERS, endings=TEXT_ENDINGS):
        for number, line in enumerate(source.lines, 1):
            # What the tests read may be as managers type it.
            if "\t" in line and not source.name.startswith("tests/data/"):
                yield f"{source.name}:{number}: a tab"
            # Two blanks at a line's end are a line break in Markdown.
            if line != line.rstrip() and not source.name.endswith(".md"):
                yield f"{source.name}:{number}: blanks at the end of the line"
        if source.text and not source.text.endswith("\n"):
            yield f"{source.name}:{len(source.lines)}: no newline at the end"


def check_line_length():
    """no line is over 100 columns"""
    for source in sources("src", "include", "tests", endings=(".c", ".cc", ".h", ".py")):
        for number, line in enumerate(source.lines, 1):
            if len(line) > LINE_COLUMNS_MAX:
                yield f"{source.name}:{number}: {len(line)} columns, at most {LINE_COLUMNS_MAX}"


def check_left_overs():
    """nothing is left for later in a comment"""
    word = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
    for source in sources(*TEXT_FOLDERS, endings=TEXT_ENDINGS):
        for number, line in enumerate(source.lines, 1):
            if word.search(line):
                what = word.search(line).group()
                yield f"{source.name}:{number}: {what}: do it, or open an issue"


def check_file_comments():
    """every C file, or its header, says at its top what it is for"""
    said = set()
    for source in sources("include", "src"):
        module = re.sub(r"^(src|include)/|\.\w+$", "", source.name)
        if source.text.lstrip().startswith(("/*", "//")):
            said.add(module)
        elif module not in said:
            yield f"{source.name}:1: no comment at the top of the file"


def check_header_comments():
    """every public function has a comment, its own or its paragraph's"""
    for source in sources("include"):
        code = outside_braces(source.code).splitlines()
        marks = source.comments.splitlines()
        begin = 0
        for end in range(len(code) + 1):
            # A paragraph ends at an empty line; one within a comment is not empty in `marks`.
            if end < len(code) and source.lines[end].strip():
                continue
            paragraph = range(begin, end)
            begin = end + 1
            if any(re.search(r"#{4}", marks[i]) for i in paragraph):
                continue
            text = "\n".join(code[i] for i in paragraph)
            text = re.sub(r"__attribute__\s*\(\(.*?\)\)\)?", "", text, flags=re.DOTALL)
            text = re.sub(r"^\s*#.*(\\\n.*)*", "", text, flags=re.MULTILINE)
            m = re.search(PROTOTYPE, text, re.MULTILINE)
            if m:
                line = paragraph[0] + 1
                yield f"{source.name}:{line}: {m.group(1)}() has no comment above or beside it"


def outside_braces(code):
    """The code without what stands in braces: bodies, and members that are function pointers."""
    depth = 0
    out = []
    for c in code:
        depth -= c == "}"
        out.append(c if depth <= 0 or c == "\n" else " ")
        depth += c == "{"
    return "".join(out)


def check_format():
    """the layout is what clang-format gives"""
    names = [s.name for s in sources("src", "include", "tests")]
    for name in names:
        done = subprocess.run(
            ["clang-format", "--dry-run", "--Werror", name],
            cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )
        if done.returncode != 0:
            where = re.search(r":(\d+):", done.stderr)
            yield f"{name}:{where.group(1) if where else 1}: `make format` would change the layout"


CHECKS = [
    check_file_length,
    check_function_length,
    check_white_space,
    check_line_length,
    check_left_overs,
    check_file_comments,
    check_header_comments,
    check_format,
]
