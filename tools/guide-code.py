#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The C of one chapter of a page: guide-code.py PAGE HEADING > FILE."""
import re
import sys

page, heading = open(sys.argv[1], encoding="utf-8").read(), sys.argv[2]
chapter = re.search(r"^## " + re.escape(heading) + r"\n(.*?)(?=^## |\Z)", page,
                    re.M | re.S)
blocks = re.findall(r"^```c\n(.*?)^```$", chapter.group(1), re.M | re.S)
if not blocks:
    sys.exit("no code under " + heading)
print("\n".join(blocks), end="")
