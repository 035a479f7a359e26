"""Reading C source well enough to check habits: comments and strings blanked, functions found."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

TOKEN = re.compile(
    r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'",
    re.DOTALL,
)


class Source:
    """One file: its text, and `code`, the same with comments and strings blanked out."""

    def __init__(self, path):
        self.path = path
        self.name = str(path.relative_to(ROOT))
        # Data of the tests may hold what is no text, on purpose.
        data = ROOT / "tests" / "data" in path.parents
        self.text = path.read_text(encoding="utf-8", errors="replace" if data else "strict")
        self.lines = self.text.splitlines()
        self.code = TOKEN.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), self.text)
        # Like `code`, but a comment's place is kept, as '#' signs.
        self.comments = TOKEN.sub(blank_strings_mark_comments, self.text)

    @property
    def room(self):
        """The folder below src/ or include/: "" for src/main.c."""
        parts = self.path.relative_to(ROOT).parts
        return parts[1] if len(parts) > 2 else ""

    def includes(self):
        """(line, what) of each #include, with its brackets or quotes."""
        found = []
        for number, line in enumerate(self.lines, 1):
            m = re.match(r'\s*#\s*include\s*(<[^>]+>|"[^"]+")', line)
            if m:
                found.append((number, m.group(1)))
        return found

    def find(self, pattern):
        """(line, text) of each match in the code, outside comments and strings."""
        for m in re.finditer(pattern, self.code):
            yield self.code.count("\n", 0, m.start()) + 1, m.group().strip()

    def functions(self):
        """(line, name, length) of each function: from its first line to its closing brace. Relies
        on the layout that clang-format gives: both braces stand alone in the first column."""
        code = self.code.splitlines()
        for number, line in enumerate(code):
            if line.rstrip() != "{":
                continue
            end = next((i for i in range(number, len(code)) if code[i].startswith("}")), number)
            begin = number
            while begin > 0 and code[begin - 1].strip() and not code[begin - 1].startswith("}"):
                begin -= 1
            head = " ".join(code[begin:number])
            name = re.search(r"(\w+)\s*\(", head)
            yield begin + 1, name.group(1) if name else "?", end - begin + 1


def blank_strings_mark_comments(match):
    sign = "#" if match.group().startswith("/") else " "
    return re.sub(r"[^\n]", sign, match.group())


def sources(*folders, endings=(".c", ".cc", ".h")):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in endings and path.is_file():
                yield Source(path)
