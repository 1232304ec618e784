#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# coverage.sh BUILD: what the tests that ran in BUILD (-Db_coverage=true) have
# reached of the wire: a summary and a floor for each of its folders, then the
# lines and branches that nothing reached. Left out are generated code and
# plain_check.c, which is in no library: it looks for what must never be found.
set -u
cd "$(dirname "$0")/.." || exit 1
build=$1
lines=95
branches=90
status=0

gcovr --root . --object-directory "$build" --filter 'lib/(base|asn1|wire)/' \
  --exclude 'lib/asn1/generated/' --exclude 'lib/asn1/plain_check.c' \
  --exclude-unreachable-branches \
  --json "$build/coverage.json" "$build" || exit 1
for folder in lib/base lib/asn1 lib/wire; do
  echo "-- $folder: at least $lines % of lines, $branches % of branches"
  gcovr --root . --add-tracefile "$build/coverage.json" --filter "$folder/" \
    --fail-under-line $lines --fail-under-branch $branches \
    --print-summary --output "$build/coverage.txt" || status=1
done
echo "-- lines that nothing reached"
gcovr --root . --add-tracefile "$build/coverage.json" |
  sed -n '/^lib\//,/^---/p'
echo "-- branches that nothing took"
gcovr --root . --add-tracefile "$build/coverage.json" --branches |
  sed -n '/^lib\//,/^---/p'
exit $status
