#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What an endpoint and a gatekeeper say to each other, and what they answer to
requests of others, judged by tshark.

    judge_session.py session|answers EMIT JUDGE"""

import os
import shutil
import subprocess
import sys
import tempfile

WHAT, EMIT, JUDGE = sys.argv[1:4]

SAID = {
  "session": {
    "ep2gk": "registrationRequest/,registrationRequest/,"
             "registrationRequest/keepAlive:3,unregistrationConfirm,"
             "registrationRequest/,unregistrationRequest",
    "gk2ep": "registrationReject,registrationConfirm,registrationConfirm:3,"
             "unregistrationRequest,registrationConfirm,"
             "unregistrationConfirm",
  },
  "answers": {
    "gk2ep": "gatekeeperConfirm,admissionReject,disengageReject,"
             "unknownMessageResponse,registrationConfirm,admissionReject,"
             "disengageReject,infoRequest,unregistrationRequest",
    "ep2gk": "registrationRequest,infoRequestResponse,unregistrationReject,"
             "unknownMessageResponse",
  },
}


def main():
    if shutil.which("tshark") is None:
        print("tshark is not there")
        return 77
    with tempfile.TemporaryDirectory() as work:
        prefix = os.path.join(work, "session")
        subprocess.run([EMIT, prefix], check=True)
        wrong = 0
        for way, names in SAID[WHAT].items():
            wrong += subprocess.run(
                [sys.executable, JUDGE, "--" + way, prefix + "." + way,
                 "--ras-only", "--expect", names], check=False).returncode
    return 1 if wrong else 0


sys.exit(main())
