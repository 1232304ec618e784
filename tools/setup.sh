#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# setup.sh build|tests|all
# Installs what is missing on a Debian 12 machine that has a C compiler and apt,
# and says so first. Without root it prints the line to type and fails.
#   build   what the libraries and programs need, and openssl for the demo
#   tests   that, and everything tests/run.sh uses
#   all     that, and what the longer jobs of tools/check use
set -eu

missing=
want() { # want PACKAGE COMMAND...: succeeds when the command does
  package=$1
  shift
  if ! "$@" >/dev/null 2>&1; then
    missing="$missing $package"
  fi
}
has() { command -v "$1"; }
has_lib() { command -v pkg-config && pkg-config --exists "$1"; }
has_fuzzer() {
  command -v clang &&
    ls "$(clang -print-resource-dir)"/lib/linux/libclang_rt.fuzzer*.a
}
has_ini() { has_lib inih; }

for_build() {
  want gcc has gcc
  want libc6-dev test -e /usr/include/stdio.h
  want g++ has g++
  want meson has meson
  want ninja-build has ninja
  want pkg-config has pkg-config
  want python3 has python3
  want asn1c has asn1c
  want libssl-dev has_lib libssl
  want libuv1-dev has_lib libuv
  want libjansson-dev has_lib jansson
  want libsqlite3-dev has_lib sqlite3
  want libinih-dev has_ini
  want libpcap-dev has_lib libpcap
  want libc-ares-dev has_lib libcares
  want openssl has openssl
}

for_tests() {
  want check has_lib check
  want clang has clang
  want libclang-rt-dev has_fuzzer
  want clang-format-14 has clang-format-14
  want clang-tidy-14 has clang-tidy-14
  want tshark has tshark
}
has_m32() { echo 'int main(void){return 0;}' | gcc -m32 -x c -o /dev/null -; }
# the kernel runs such programs, or something else does
runs_m32() { /lib/ld-linux.so.2 --version || has qemu-i386; }
for_all() {
  want gcc-multilib has_m32
  want check:i386 test -e /usr/lib/i386-linux-gnu/pkgconfig/check.pc
  want libjansson-dev:i386 test -e /usr/lib/i386-linux-gnu/pkgconfig/jansson.pc
  want qemu-user runs_m32
  want gcc-mingw-w64-x86-64 has x86_64-w64-mingw32-gcc
  want valgrind has valgrind
  want cppcheck has cppcheck
  want gcovr has gcovr
}

case ${1:-} in
build) for_build ;;
tests)
  for_build
  for_tests
  ;;
all)
  for_build
  for_tests
  for_all
  ;;
*)
  echo "usage: setup.sh build|tests|all" >&2
  exit 2
  ;;
esac

if [ -z "$missing" ]; then
  exit 0
fi
line="apt-get install -y --no-install-recommends$missing"
if ! command -v apt-get >/dev/null 2>&1; then
  echo "missing, under their names in Debian 12:$missing" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "Some packages are missing. As root, type:" >&2
  case $missing in *:i386*) echo "  dpkg --add-architecture i386 && apt-get update" >&2 ;; esac
  echo "  $line" >&2
  exit 1
fi
echo "installing what is missing:$missing"
export DEBIAN_FRONTEND=noninteractive
case $missing in *:i386*) dpkg --add-architecture i386 ;; esac
# A mirror in the middle of an update need not stop us: the installation tells.
apt-get update -q || echo "not every index could be read; going on with what is here"
# shellcheck disable=SC2086
$line </dev/null
