#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""check-dll.py OBJDUMP DLL MAP: a Windows library exports what its map lists
and nothing else."""

import re
import subprocess
import sys


def main():
    objdump, dll, path = sys.argv[1:]
    text = subprocess.run([objdump, "-p", dll], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    table = text.split("[Ordinal/Name Pointer] Table", 1)[1]
    exported = set()
    for line in table.splitlines()[1:]:
        entry = re.match(r"\s*\[\s*\d+\] (\S+)$", line)
        if not entry:
            break
        exported.add(entry.group(1))
    with open(path, encoding="utf-8") as f:
        listed = set(re.findall(r"^\s+(h46017_\w+);", f.read(), re.M))
    for name in sorted(exported ^ listed):
        print(name, "is exported" if name in exported else "is not exported")
    print("%d functions" % len(exported))
    sys.exit(1 if exported != listed or not listed else 0)


if __name__ == "__main__":
    main()
