#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""run-analyzer.py BUILD: gcc's -fanalyzer over the hand-written sources of the
libraries in a gcc build, as they are compiled there, as many at a time as there
are cores; fails on the first warning. Nothing of the build is changed."""

import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OURS = re.compile(r"^lib/.*\.c$")


def main():
    build = os.path.abspath(sys.argv[1])
    with open(os.path.join(build, "compile_commands.json"),
              encoding="utf-8") as f:
        commands = json.load(f)
    todo = {}
    for c in commands:
        path = os.path.realpath(os.path.join(c["directory"], c["file"]))
        name = os.path.relpath(path, ROOT)
        if OURS.match(name) and not path.startswith(build + os.sep):
            todo.setdefault(name, c)

    def analyze(name):
        c = todo[name]
        words = shlex.split(c["command"])
        # where its output and its list of headers would go
        for option, follows in (("-o", 1), ("-MF", 1), ("-MQ", 1), ("-MD", 0)):
            while option in words:
                at = words.index(option)
                del words[at:at + 1 + follows]
        words += ["-fanalyzer", "-Werror", "-fdiagnostics-plain-output",
                  "-o", "/dev/null"]
        return name, subprocess.run(words, cwd=c["directory"], check=False,
                                    stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True)

    bad = 0
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for name, done in pool.map(analyze, sorted(todo)):
            if done.returncode != 0:
                bad += 1
                print(name)
                print(done.stdout.strip())
    print("%d files, %d with warnings" % (len(todo), bad))
    sys.exit(1 if bad or not todo else 0)


if __name__ == "__main__":
    main()
