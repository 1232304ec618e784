#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Unpacks a .gz: unpack.py FILE.gz FILE."""

import gzip
import shutil
import sys

with gzip.open(sys.argv[1], 'rb') as packed, open(sys.argv[2], 'wb') as out:
    shutil.copyfileobj(packed, out)
