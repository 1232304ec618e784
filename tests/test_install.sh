#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_install.sh BUILD SOURCE: installs the build into a directory of its own
# and does there what README.md says: pkg-config, compile, run; with the shared
# and with the static library.
set -eu
build=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

meson install -C "$build" --no-rebuild --quiet --destdir "$work/root"
prefix=$work/root$(pkg-config --variable=prefix "$build/meson-private/libh46017.pc")
PKG_CONFIG_LIBDIR=$(dirname "$(find "$prefix" -name libh46017.pc)")
lib=$(dirname "$PKG_CONFIG_LIBDIR")
pc() { pkg-config --define-variable=prefix="$prefix" "$@"; }
# OpenSSL's own .pc files stay in reach behind ours
PKG_CONFIG_LIBDIR=$PKG_CONFIG_LIBDIR:$(pkg-config --variable pc_path pkg-config)
export PKG_CONFIG_LIBDIR

# the first C block of README.md is the example
awk '/^```c$/ { on = 1; next } /^```/ { if (on) exit } on' \
  "$source/README.md" >"$work/example.c"
[ -s "$work/example.c" ]

strict="-std=c11 -pedantic -Wall -Wextra -Werror"
cc=${CC:-cc}
input=$source/tests/vectors/gnugk/gnugk-simpleh323-tcp-register.s0.ep2gk.bin
check_output() {
  lines=$(grep -c '^RAS message of [0-9]* octets$' "$work/out")
  if [ "$lines" -ne 6 ]; then
    echo "the example prints $lines lines, not 6:" >&2
    cat "$work/out" >&2
    exit 1
  fi
}

# shellcheck disable=SC2046,SC2086
$cc $strict "$work/example.c" -o "$work/shared" $(pc --cflags --libs libh46017)
LD_LIBRARY_PATH=$lib "$work/shared" <"$input" >"$work/out"
check_output
echo "shared: ok"

# shellcheck disable=SC2046,SC2086
$cc -static $strict "$work/example.c" -o "$work/static" \
  $(pc --static --cflags --libs libh46017)
"$work/static" <"$input" >"$work/out"
check_output
echo "static: ok"

if [ -f "$lib/pkgconfig/libh46017-tls.pc" ]; then
  cat >"$work/tls.c" <<'END'
#include <h46017/error.h>
#include <h46017/tls.h>
#include <stdio.h>
int main(void) {
  h46017_identity peer;
  h46017_identity_default(&peer);
  h46017_tls_del(NULL);
  return puts(h46017_version(0)) < 0;
}
END
  # shellcheck disable=SC2046,SC2086
  $cc $strict "$work/tls.c" -o "$work/tls" $(pc --cflags --libs libh46017-tls)
  LD_LIBRARY_PATH=$lib "$work/tls"
  echo "libh46017-tls, shared: ok"
fi

# nothing of the building machine is in what was installed
if grep -rlF -e "$(cd "$source" && pwd)" -e "$(cd "$build" && pwd)" \
  "$prefix/include" "$lib"/libh46017* "$lib"/pkgconfig; then
  echo "a path of the building machine was installed" >&2
  exit 1
fi
