#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""check-docs.py ROOT: what the pages refer to must be there.

In every Markdown page: links to files, and code spans that are a path
(`lib/wire/tunnel.c`) or a path and a name in it (`tests/test_tpkt.c:case`). In
doc/conformance.md: each row is there once, has a known status, and one that is
done names where and by which test."""

import os
import re
import sys

STATUS = ("done", "partly", "planned", "outside")
PATH = re.compile(
    r"^((?:\.ci|bench|doc|examples|fuzz|include|lib|tests|tools)/[\w./+-]+)"
    r"(?::(\w+))?$")


def pages(root):
    for directory, names, files in os.walk(root):
        names[:] = [n for n in names
                    if not n.startswith((".", "build")) and n != "subprojects"]
        for name in files:
            if name.endswith(".md"):
                yield os.path.join(directory, name)


def main():
    root = os.path.abspath(sys.argv[1])
    faults = []
    references = 0
    for page in pages(root):
        with open(page, encoding="utf-8") as f:
            text = f.read()
        where = os.path.relpath(page, root)
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
            if "://" in link:
                continue
            references += 1
            if not os.path.exists(os.path.join(os.path.dirname(page), link)):
                faults.append("%s: link to %s" % (where, link))
        for span in re.findall(r"`([^`\n]+)`", text):
            found = PATH.match(span)
            if not found or re.search(r"(<|…|\*)", span):
                continue
            references += 1
            path = os.path.join(root, found.group(1))
            if not os.path.exists(path):
                faults.append("%s: %s is not there" % (where, span))
            elif found.group(2):
                with open(path, encoding="utf-8") as f:
                    if not re.search(r"\b%s\b" % found.group(2), f.read()):
                        faults.append("%s: %s: no %s in it" %
                                      (where, found.group(1), found.group(2)))
    table = os.path.join(root, "doc", "conformance.md")
    seen = set()
    if os.path.exists(table):
        with open(table, encoding="utf-8") as f:
            for line in f:
                cells = [c.strip() for c in line.strip().strip("|").split("|")]
                if not re.match(r"^S\d+-\d+$", cells[0]):
                    continue
                row = cells[0]
                if len(cells) != 5:
                    faults.append("conformance: %s has %d cells" %
                                  (row, len(cells)))
                    continue
                if row in seen:
                    faults.append("conformance: %s twice" % row)
                seen.add(row)
                if cells[4] not in STATUS:
                    faults.append("conformance: %s is %s" % (row, cells[4]))
                if cells[4] == "done" and not (
                        "`" in cells[2] and "`tests/" in cells[3]):
                    faults.append(
                        "conformance: %s is done, where and by which test?"
                        % row)
    for fault in faults:
        print(fault)
    print("%d references, %d conformance rows, %d faults" %
          (references, len(seen), len(faults)))
    sys.exit(1 if faults or references == 0 else 0)


if __name__ == "__main__":
    main()
