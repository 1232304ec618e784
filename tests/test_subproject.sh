#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_subproject.sh SOURCE: a meson project that takes this one as README.md
# says: as a subproject, dependency('libh46017').
set -eu
source=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/subprojects"
ln -s "$source" "$work/subprojects/libh46017"
awk '/^```c$/ { on = 1; next } /^```/ { if (on) exit } on' \
  "$source/README.md" >"$work/example.c"
cat >"$work/meson.build" <<'END'
project('taker', 'c', default_options: ['optimization=0'])
h46017 = dependency('libh46017', fallback: 'libh46017',
  default_options: ['tls=disabled'])
executable('example', 'example.c', dependencies: h46017)
END
cd "$work"
PKG_CONFIG_LIBDIR=/nonexistent meson setup build >log 2>&1 || {
  tail -n 40 log
  exit 1
}
ninja -C build example >log 2>&1 || {
  tail -n 40 log
  exit 1
}
build/example <"$source/tests/vectors/gnugk/gnugk-simpleh323-tcp-register.s0.ep2gk.bin" |
  grep -c '^RAS message of'
