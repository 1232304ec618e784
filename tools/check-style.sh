#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What a reviewer should not have to look for. Prints every fault, then fails.
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C
faults=0
fault() {
  echo "$1"
  faults=1
}

# what git tracks, or in a release archive what is there
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  files=$(git ls-files --cached --others --exclude-standard)
else
  files=$(find . -type f ! -path './build*' | sed 's|^\./||')
fi
only() { echo "$files" | grep -E "$1" || true; }
exist() { while read -r f; do [ -f "$f" ] && echo "$f"; done; }

c_files=$(only '^(include|lib|examples|tests|fuzz|bench)/.*\.(c|h|cpp)$' | exist)

# 1. formatting, by the version everybody has
if command -v clang-format-14 >/dev/null 2>&1; then
  # shellcheck disable=SC2086
  clang-format-14 --dry-run --Werror $c_files || faults=1
else
  echo "clang-format-14 is not there: formatting not checked" >&2
  [ -n "${CI:-}" ] && faults=1
fi

# 2. // comments mark scratch work (a URL's // is not one)
for f in $c_files; do
  case $f in *.cpp) continue ;; esac
  grep -nE '(^|[[:space:];{}])//' "$f" | sed "s|^|$f: // comment: |" | grep . && faults=1
done

# 3. tabs, trailing blanks
for f in $(only '\.(c|h|cpp|py|sh|build|md|map|asn1|asn)$|(^|/)meson_options\.txt$' | exist); do
  grep -nP '\t' "$f" | sed "s|^|$f: tab: |" | grep . && faults=1
  grep -nE '[[:space:]]+$' "$f" | sed "s|^|$f: trailing blank: |" | grep . && faults=1
done

# 4. the licence line, first (after #!)
for f in $(only '\.(c|h|cpp|py|sh|asn1|asn)$|(^|/)(meson\.build|meson_options\.txt)$|^tools/[^.]*$|^\.ci/run$' | exist); do
  head -n 2 "$f" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' ||
    fault "$f: no SPDX-License-Identifier line"
done

# 5. the core has no socket, clock, random source, thread or OpenSSL in it
for f in $(only '^(include/h46017|lib/(base|asn1|wire|identity|session))/.*\.[ch]$' | exist); do
  case $f in include/h46017/tls*.h | include/h46017/trust.h | include/h46017/credentials.h) continue ;; esac
  grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<(openssl/|sys/|arpa/|netinet/|unistd|time\.h|pthread|threads|poll|fcntl|signal)' "$f" |
    sed "s|^|$f: not in the core: |" | grep . && faults=1
done

# 6. a layer includes only what stands below it
layer() { # layer NAME FORBIDDEN
  for f in $(only "^lib/$1/.*\\.[ch]\$" | exist); do
    grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*\"($2)/" "$f" |
      sed "s|^|$f: includes upwards: |" | grep . && faults=1
  done
}
layer base 'asn1|wire|identity|session|tls'
layer asn1 'wire|identity|session|tls'
layer wire 'identity|session|tls'
layer identity 'session|tls'
layer session 'tls'

# 7. no path of somebody's machine
for f in $(only '.' | grep -vE '^(tests/vectors|fuzz/corpus|fuzz/regress)/' | exist); do
  grep -nIE '(^|[^A-Za-z0-9_.])/(home|root|work|Users)/[A-Za-z0-9_]' "$f" |
    sed "s|^|$f: machine path: |" | grep . && faults=1
done

[ "$faults" -eq 0 ] && echo "style: nothing to say"
exit "$faults"
