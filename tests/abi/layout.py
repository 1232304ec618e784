#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""layout.py INCLUDE-DIR CC...: what the ABI leans on, for every public type:
an enumeration has four octets, `struct_size` comes first, and nothing whose size
differs between platforms or compilers is in a header."""

import glob
import os
import re
import subprocess
import sys
import tempfile

include, compiler = sys.argv[1], sys.argv[2:]
lines = ["#include <stddef.h>\n"]
faults = 0
enums = sized = 0
for path in sorted(glob.glob(os.path.join(include, "h46017", "*.h"))):
    header = os.path.basename(path)
    with open(path, encoding="utf-8") as f:
        text = re.sub(r'/\*.*?\*/|"[^"\n]*"', " ", f.read(), flags=re.S)
    lines.append("#include <h46017/%s>\n" % header)
    for name in re.findall(r"typedef\s+enum\s+(\w+)", text):
        enums += 1
        lines.append('_Static_assert(sizeof(%s) == 4, "%s");\n' % (name, name))
    for name, body in re.findall(
            r"typedef\s+struct\s+(\w+)\s*\{(.*?)\n\}", text, flags=re.S):
        if "struct_size" in body:
            sized += 1
            lines.append(
                '_Static_assert(offsetof(%s, struct_size) == 0, "%s");\n' %
                (name, name))
        if re.search(r"\w\s*:\s*\d+\s*;", body):
            print("%s: %s has a bit-field" % (header, name))
            faults += 1
    for word in re.findall(r"\b(long|ssize_t|time_t|off_t|wchar_t)\b", text):
        print("%s: %s in a public header" % (header, word))
        faults += 1
with tempfile.NamedTemporaryFile("w", suffix=".c") as source:
    source.write("".join(lines))
    source.flush()
    done = subprocess.run(
        compiler + ["-std=c11", "-fsyntax-only", "-Wall", "-Werror",
                    "-I", include, source.name], check=False)
print("%d enumerations, %d sized structs" % (enums, sized))
sys.exit(1 if faults or done.returncode != 0 or not enums or not sized else 0)
