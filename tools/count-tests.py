#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""count-tests.py TESTLOG.json: prints "PASSED FAILED SKIPPED" of one run of
`meson test`, and on stderr each test that did not pass, with the end of what it
said. Where CI is set in the environment a judge (suite `judge`) that was skipped
has failed."""

import json
import os
import sys

passed, failed, skipped = 0, 0, 0
with open(sys.argv[1], encoding="utf-8") as log:
    for line in log:
        test = json.loads(line)
        result = test["result"]
        if result in ("OK", "EXPECTEDFAIL"):
            passed += 1
        elif result == "SKIP" and not (
                os.environ.get("CI") and "judge" in test["name"]):
            skipped += 1
            print("  skipped: " + test["name"], file=sys.stderr)
        else:
            failed += 1
            print("  FAILED:  %s (%s)" % (test["name"], result),
                  file=sys.stderr)
            for stream in ("stdout", "stderr"):
                for text in test.get(stream, "").splitlines()[-60:]:
                    print("    | " + text, file=sys.stderr)
print(passed, failed, skipped)
