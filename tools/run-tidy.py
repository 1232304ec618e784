#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""run-tidy.py BUILD [analyze]: clang-tidy over the hand-written sources of a
clang build, as many at a time as there are cores; fails if any has a warning.
Without `analyze` the path-sensitive checks are left out: they take ten times as
long as all the others."""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OURS = re.compile(r"^(lib|examples|fuzz)/.*\.c$")


def main():
    build = os.path.abspath(sys.argv[1])
    with open(os.path.join(build, "compile_commands.json"),
              encoding="utf-8") as f:
        commands = json.load(f)
    files = set()
    for c in commands:
        path = os.path.realpath(os.path.join(c["directory"], c["file"]))
        name = os.path.relpath(path, ROOT)
        if OURS.match(name) and not path.startswith(build):
            files.add(name)

    if sys.argv[2:] == ["analyze"]:
        # deep enough to see that a failing read never returns 0
        options = ["--extra-arg=-Xclang",
                   "--extra-arg=-analyzer-inline-max-stack-depth=60"]
    else:
        options = ["--checks=-clang-analyzer-*"]

    def tidy(name):
        return name, subprocess.run(
            ["clang-tidy-14", "--quiet", "-p", build, *options,
             os.path.join(ROOT, name)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            check=False)

    bad = 0
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for name, done in pool.map(tidy, sorted(files)):
            if done.returncode != 0:
                bad += 1
                print(name)
                for line in done.stdout.splitlines():
                    if re.search(r": (error|warning): ", line):
                        print(line.replace(build + "/../../", ""))
    print("%d files, %d with warnings" % (len(files), bad))
    sys.exit(1 if bad or not files else 0)


if __name__ == "__main__":
    main()
