#!/usr/bin/python3
"""Reads mails with Python's own e-mail parser and says whether they are what they should be.

On standard input comes a list of cases. A case is lines of "KEY HEX", HEX being bytes in
hexadecimal, and ends with the line "end". The key "mail" is the mail; the others say what a parser
has to find in it: subject, from_name, from, to_name, to, text, html, calendar, language,
message_id, unsubscribe. A case with the key "only_bytes" has its bytes looked at, not its content.

Prints one line per thing that is wrong and exits with 1, or prints how many cases were right.
"""
import email.policy
import re
import sys
from email.header import decode_header, make_header
from email.parser import BytesParser

ENCODED_WORD = re.compile(r"=\?[^ ?]*\?[BQ]\?[^ ?]*\?=")


def check_bytes(raw):
    """What RFC 5322, 2045 and 2047 say of lines, whatever they mean."""
    if re.search(rb"\r(?!\n)|(?<!\r)\n", raw):
        yield "a line end that is not CRLF"
    if any(byte > 126 or (byte < 32 and byte not in b"\r\n\t") for byte in raw):
        yield "a byte outside printable ASCII"
    if not raw.endswith(b"\r\n"):
        yield "the last line has no end"
    head, _, body = raw.decode("ascii", "replace").partition("\r\n\r\n")
    for line in head.split("\r\n"):
        words = ENCODED_WORD.findall(line)
        if len(line) > 998 or (words and len(line) > 76):
            yield f"a header line of {len(line)}"
        if len(line) > 78 and " " in line.strip().partition(": ")[2]:
            yield f"a header line of {len(line)} that could have been folded"
        if not line.strip():
            yield "a header line of nothing but white space"
        for word in words:
            if len(word) > 75:
                yield f"an encoded-word of {len(word)}"
            try:
                [(value, charset)] = decode_header(word)
                value.decode(charset)
            except ValueError as error:
                yield f"an encoded-word that is not whole: {error}"
    for line in body.split("\r\n"):
        if len(line) > 76:
            yield f"a body line of {len(line)}"
        if line.startswith((".", "From ")) or line.endswith((" ", "\t")):
            yield f"a body line that a relay would change: {line!r}"


def check_defects(message):
    """Everything that the parser complains about, in every part and header."""
    for part in message.walk():
        yield from (f"defect: {defect!r}" for defect in part.defects)
        for name, value in part.items():
            yield from (f"defect in {name}: {defect!r}" for defect in value.defects)


def canonical(text):
    """Text as a parser gives it back: LF line ends, and one at the end."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text + "\n" if text and not text.endswith("\n") else text


def content(message, kind):
    for part in message.walk():
        if part.get_content_type() == kind:
            return canonical(part.get_content())
    return None


def long_name(raw, header):
    """The name in `header` if it is of several encoded-words, else None. Python's structured
    parser leaves the white space between those in a name, against RFC 2047, 6.2; its older one
    does not."""
    value = BytesParser(policy=email.policy.compat32).parsebytes(raw)[header]
    phrase = re.sub(r"\r\n", "", value).rpartition("<")[0].strip()
    if len(ENCODED_WORD.findall(phrase)) < 2:
        return None
    return str(make_header(decode_header(phrase)))


def found(raw, message, key):
    """What the parsed mail says under `key`."""
    if key in ("from", "to", "from_name", "to_name"):
        header, _, name = key.partition("_")
        addresses = message[header].addresses
        if len(addresses) != 1:
            return f"{len(addresses)} addresses"
        if name:
            return long_name(raw, header) or addresses[0].display_name
        return addresses[0].addr_spec
    if key in ("text", "html", "calendar"):
        return content(message, {"text": "text/plain", "html": "text/html"}.get(key, "text/" + key))
    header = {"language": "Content-Language", "unsubscribe": "List-Unsubscribe"}
    return message[header.get(key, key.replace("_", "-"))]


def check_case(case):
    raw = case.pop("mail")
    yield from check_bytes(raw)
    if "only_bytes" in case:
        return
    message = BytesParser(policy=email.policy.default).parsebytes(raw)
    yield from check_defects(message)
    for name in ("Date", "From", "To", "Message-ID", "MIME-Version"):
        if len(message.get_all(name, [])) != 1:
            yield f"{name} is not there once"
    for name in ("Bcc", "Cc"):
        if name in message:
            yield f"{name} came from nowhere"
    for key, expected in case.items():
        expected = expected.decode()
        if key in ("text", "html", "calendar"):
            expected = canonical(expected)
        got = found(raw, message, key)
        if got != expected:
            yield f"{key}: {got!r} in place of {expected!r}"


def main():
    right, wrong, case = 0, 0, {}
    for line in sys.stdin:
        key, _, value = line.rstrip("\n").partition(" ")
        if key != "end":
            case[key] = bytes.fromhex(value)
            continue
        problems = list(check_case(case))
        for problem in problems:
            print(f"case {right + wrong + 1}: {problem}", file=sys.stderr)
        wrong += bool(problems)
        right += not problems
        case = {}
    print(f"{right} right")
    return 1 if wrong or case or not right else 0


sys.exit(main())
