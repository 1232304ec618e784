#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What a reviewer should not have to look for. Prints every fault, then fails.
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C
faults=0

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

# none WHAT GREP-OPTION PATTERN: fails, and prints it, if a line matches in the
# files named on standard input
none() {
  ! xargs -r grep -HnI "$2" -e "$3" | sed "s|^|$1: |" | grep .
}

# 2. // comments mark scratch work (a URL's // is not one)
echo "$c_files" | grep -v '\.cpp$' |
  none '// comment' -E '(^|[[:space:];{}])//' || faults=1

# 3. tabs, trailing blanks
text=$(only '\.(c|h|cpp|py|sh|build|md|map|asn1|asn)$|(^|/)meson_options\.txt$' | exist)
echo "$text" | none tab -P '\t' || faults=1
echo "$text" | none 'trailing blank' -E '[[:space:]]+$' || faults=1

# 4. the licence line, first (after #!)
only '\.(c|h|cpp|py|sh|asn1|asn)$|(^|/)(meson\.build|meson_options\.txt)$|^tools/[^.]*$|^\.ci/run$' |
  exist | xargs awk '
    FNR == 1 { if (name != "" && !said) missing(); name = FILENAME; said = 0 }
    /SPDX-License-Identifier: BSD-2-Clause/ { said = 1 }
    FNR == 2 { nextfile }
    function missing() { print name ": no SPDX-License-Identifier line"; bad = 1 }
    END { if (name != "" && !said) missing(); exit bad }' || faults=1

# 5. the core has no socket, clock, random source, thread or OpenSSL in it
only '^(include/h46017|lib/(base|asn1|wire|identity|session))/.*\.[ch]$' |
  grep -vE '^include/h46017/(tls.*|trust|credentials)\.h$' | exist |
  none 'not in the core' -E '^[[:space:]]*#[[:space:]]*include[[:space:]]*<(openssl/|sys/|arpa/|netinet/|unistd|time\.h|pthread|threads|poll|fcntl|signal)' ||
  faults=1

# 6. a layer includes only what stands below it
layer() { # layer NAME FORBIDDEN
  only "^lib/$1/.*\\.[ch]\$" | exist |
    none 'includes upwards' -E "^[[:space:]]*#[[:space:]]*include[[:space:]]*\"($2)/" || faults=1
}
layer base 'asn1|wire|identity|session|tls'
layer asn1 'wire|identity|session|tls'
layer wire 'identity|session|tls'
layer identity 'session|tls'
layer session 'tls'

# 7. no path of somebody's machine
only '.' | grep -vE '^(tests/vectors|fuzz/corpus|fuzz/regress)/' | exist |
  none 'machine path' -E '(^|[^A-Za-z0-9_.])/(home|root|work|Users)/[A-Za-z0-9_]' || faults=1

[ "$faults" -eq 0 ] && echo "style: nothing to say"
exit "$faults"
