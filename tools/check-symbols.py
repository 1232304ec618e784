#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""check-symbols.py [--nm NM] --include DIR (--library FILE.so --map FILE.map)...

What the headers promise (H46017_API), what the export maps let out and what the
shared libraries define must be the same set of functions."""

import argparse
import glob
import os
import re
import subprocess
import sys


def in_headers(directory):
    names = {}
    for path in sorted(glob.glob(os.path.join(directory, "h46017", "*.h"))):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
        text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.M)
        for declaration in re.findall(r"\bH46017_API\b([^;]*);", text):
            name = re.search(r"\b(h46017_\w+)\s*\(", declaration)
            if name is None:
                sys.exit("%s: no function in: %s" % (path, declaration))
            names[name.group(1)] = os.path.basename(path)
    return names


def in_map(path):
    with open(path, encoding="utf-8") as f:
        text = re.sub(r"/\*.*?\*/|#[^\n]*", " ", f.read(), flags=re.S)
    names = []
    for block in re.findall(r"global:(.*?)(?:local:|\})", text, flags=re.S):
        names += re.findall(r"([\w*]+)\s*;", block)
    if "*" in "".join(names):
        sys.exit(path + ": a pattern lets out what nobody meant to")
    if names != sorted(names):
        sys.exit(path + ": not sorted")
    if len(names) != len(set(names)):
        sys.exit(path + ": a name is there twice")
    return set(names)


def in_library(nm, path):
    out = subprocess.run([nm, "-D", "--defined-only", path], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    names = set()
    for line in out.splitlines():
        _, kind, name = line.split(None, 2)
        if kind == "A":  # the version node itself
            continue
        names.add(name.split("@")[0])
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--include", required=True)
    parser.add_argument("--library", action="append", required=True)
    parser.add_argument("--map", action="append", required=True)
    args = parser.parse_args()

    faults = 0
    promised = in_headers(args.include)
    let_out = set()
    for library, map_file in zip(args.library, args.map):
        mapped, defined = in_map(map_file), in_library(args.nm, library)
        let_out |= mapped
        for name in sorted(defined - mapped):
            print("%s: defines %s, not in the map" % (library, name))
            faults += 1
        for name in sorted(mapped - defined):
            print("%s: %s is in the map, not in the library" %
                  (map_file, name))
            faults += 1
    for name in sorted(let_out - set(promised)):
        print("%s is let out, and no header declares it" % name)
        faults += 1
    for name in sorted(set(promised) - let_out):
        print("%s: %s is in no map" % (promised[name], name))
        faults += 1
    print("%d functions promised, %d let out, %d faults" %
          (len(promised), len(let_out), faults))
    sys.exit(1 if faults or not promised else 0)


if __name__ == "__main__":
    main()
