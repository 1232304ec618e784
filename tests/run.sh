#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The tests from nothing: installs what is missing (it says what
# first; without root it says what to type), builds with gcc, and with clang and its
# sanitizers, runs every test, lets tshark and openssl judge what we
# send, replays the fuzz corpora and fuzzes each target for ten seconds.
#
#     sh tests/run.sh            all that
#     sh tests/run.sh all        and 32 bits, Windows, MSan, TSan, valgrind,
#                                analyzers, coverage, the release archive
#     sh tests/run.sh gcc        some jobs only; see tools/check
#
# The last line is "N passed, N failed" (and ", N skipped"); the exit status is
# 0 only if nothing failed. Builds stay in build-tests/ ($H46017_BUILD).
set -eu
cd "$(dirname "$0")/.."
case ${1:-usual} in
all) sh tools/setup.sh all ;;
*) sh tools/setup.sh tests ;;
esac
if [ $# -eq 0 ]; then
  set -- usual
fi
exec sh tools/check "$@"
