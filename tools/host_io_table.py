#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""host_io_table.py [--check] ROOT: the table of operations in docs/host-io.md, from abi/host_io.h.

Writes it anew between its marks; with --check only says whether it is as it should be, and whether lib/selkie has a
function for every operation."""
import glob
import os
import re
import sys

BEGIN, END = "<!-- operations: from abi/host_io.h by tools/host_io_table.py -->\n", "<!-- end of operations -->\n"


def plain(comment):
    """A comment's text in one line."""
    return re.sub(r"\s+", " ", re.sub(r"^\s*\*(?!/) ?", "", comment, flags=re.M)).strip()


def operations(header):
    """(heading, name, arguments, meaning) of each operation, in the order of the enum."""
    body = re.search(r"^enum host_operation \{\n(.*?)^\};", header, re.M | re.S).group(1)
    heading, found = "", []
    for name, comment in re.findall(r"(?:(HOST_\w+),\s*)?/\*(.*?)\*/", body, re.S):
        text = plain(comment)
        if not name:
            heading = text
            continue
        arguments, rest = re.match(r"(\(.*?\))?[,:;]?\s*(.*)", text).groups()
        found.append((heading, name, arguments or "()", rest))
    names = re.findall(r"^\s*(HOST_\w+),", body, re.M)
    if [name for _, name, _, _ in found] != names:
        sys.exit(f"abi/host_io.h: operations without a comment: {set(names) - {name for _, name, _, _ in found}}")
    return found


def markdown(text):
    return text.replace("->", "→").replace("|", "\\|").replace("*", "\\*")


def table(header):
    lines, last = [], None
    for heading, name, arguments, meaning in operations(header):
        if heading != last:
            lines += ["", markdown(heading), "", "| operation | message words | answer, meaning |", "|---|---|---|"]
            last = heading
        lines.append(f"| `{name}` | `{arguments}` | {markdown(meaning)} |")
    return BEGIN + "\n".join(lines[1:]) + "\n" + END


def without_function(root, header):
    text = ""
    for path in glob.glob(os.path.join(root, "lib/selkie/include/selkie/*.h")):
        with open(path, encoding="utf-8") as source:
            text += source.read()
    return [name for _, name, _, _ in operations(header) if not re.search(rf"\b{name}\b,", text)]


def main():
    is_check = "--check" in sys.argv
    root = sys.argv[-1]
    with open(os.path.join(root, "abi/host_io.h"), encoding="utf-8") as source:
        header = source.read()
    path = os.path.join(root, "docs/host-io.md")
    with open(path, encoding="utf-8") as source:
        page = source.read()
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    right = before + table(header) + after
    if not is_check:
        with open(path, "w", encoding="utf-8") as out:
            out.write(right)
        return 0
    missing = without_function(root, header)
    if missing:
        print("lib/selkie has no function for", *missing)
    if page != right:
        print("docs/host-io.md: the table is old, run tools/host_io_table.py")
    return 1 if missing or page != right else 0


if __name__ == "__main__":
    sys.exit(main())
