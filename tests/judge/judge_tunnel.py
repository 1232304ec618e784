#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What h46017_tunnel_write_ras() puts around real RAS messages, judged by
tshark: each has to be found, under its name, and nothing else.

    judge_tunnel.py EMIT JUDGE DIRECTORY-OF-STREAMS"""

import glob
import subprocess
import sys
import tempfile

EMIT, JUDGE, STREAMS = sys.argv[1:4]


def main():
    judged = 0
    for path in sorted(glob.glob(f"{STREAMS}/*.ras.txt")):
        with open(path, encoding="ascii") as f:
            lines = [line.split() for line in f]
        for way in ("ep2gk", "gk2ep"):
            mine = [line for line in lines if line[2] == way]
            ras = "".join(line[4] + "\n" for line in mine)
            sent = subprocess.run([EMIT], input=ras.encode(),
                                  stdout=subprocess.PIPE, check=True).stdout
            with tempfile.NamedTemporaryFile() as f:
                f.write(sent)
                f.flush()
                done = subprocess.run(
                    [sys.executable, JUDGE, f"--{way}", f.name, "--expect",
                     ",".join(line[3] for line in mine)], check=False)
            if done.returncode != 0:
                print(f"{path}: {way}", file=sys.stderr)
                return done.returncode
            judged += len(mine)
    print(f"{judged} RAS messages")
    return 0 if judged > 40 else 1


sys.exit(main())
