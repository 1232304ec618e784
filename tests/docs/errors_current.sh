#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# errors_current.sh GENERATOR PAGE
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" "$work/errors.md"
if ! diff -u "$2" "$work/errors.md"; then
  echo "doc/errors.md is stale: ninja -C build errors-doc" >&2
  exit 1
fi
