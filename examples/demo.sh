#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The main job, shown: a device registers at a gatekeeper over one TLS
# connection with nothing but its certificate, and whoever is not that device is
# refused.
#
#     sh examples/demo.sh
#
# Installs what is missing (says it first; without root it says what to type),
# builds into build-demo/ ($H46017_BUILD), works in a directory of its own and
# removes it. Exit status 0 only if every step went as it must.
# $H46017_PROGRAMS: a directory with the programs, to build nothing.
#
# Three processes, so that nothing is left behind however one of them dies:
#   demo    the one you start; holds the leash (a FIFO) open, and waits
#   watch   leads a process group of its own; when the leash goes slack (demo is
#           gone) or the steps are done, it ends that group, the directory last
#   steps   the work, with every program it starts, in that group
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
build=${H46017_BUILD:-$root/build-demo}
device=0090332f688a
impostor=0090332f0bad

# -- demo ----------------------------------------------------------------------

demo() {
  work=
  watch=
  trap clean_up EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  [ -n "${H46017_PROGRAMS:-}" ] || sh "$root/tools/setup.sh" build
  work=$(mktemp -d "${TMPDIR:-/tmp}/h46017-demo.XXXXXX")
  mkfifo "$work/leash"
  # opened for both, so that it blocks nobody; only this process holds it
  exec 9<>"$work/leash"
  setsid sh "$here/demo.sh" --watch "$work" <"$work/leash" 9>&- &
  watch=$!
  status=0
  wait "$watch" || status=$?
  exit "$status"
}

clean_up() {
  status=$?
  trap '' HUP INT TERM
  exec 9>&-
  if [ -n "$watch" ]; then
    tries=0
    # its group, or (not a leader yet) itself; dash reads `--` only after -s
    while kill -s TERM -- "-$watch" 2>/dev/null || kill -TERM "$watch" 2>/dev/null; do
      tries=$((tries + 1))
      [ "$tries" -lt 100 ] || kill -s KILL -- "-$watch" 2>/dev/null || true
      sleep 0.1
    done
  fi
  [ -z "$work" ] || rm -rf "$work"
  [ "$status" -lt 128 ] || echo "demo: stopped; nothing is left of it" >&2
  exit "$status"
}

# -- watch ---------------------------------------------------------------------

watch() {
  work=$1
  trap 'end 143' TERM INT HUP
  # The steps and all they start hold this FIFO's writing end: its end is
  # theirs.
  mkfifo "$work/alive"
  exec 8<>"$work/alive"
  exec 7<"$work/alive"
  sh "$here/demo.sh" --steps "$work" 7<&- </dev/null &
  steps=$!
  exec 6<&0 # what runs in the background has no standard input
  {
    cat >/dev/null
    kill -TERM $$
  } <&6 6<&- 7<&- 8>&- &
  exec 6<&- 8>&-
  status=0
  wait "$steps" || status=$?
  end "$status"
}

end() {
  status=$1
  trap '' TERM INT HUP
  kill -TERM 0
  late=0
  timeout --foreground 10 cat <&7 >/dev/null || late=1
  for _ in 1 2 3 4 5; do
    rm -rf "$work" 2>/dev/null && break
    sleep 0.2
  done
  [ "$late" -eq 0 ] || kill -KILL 0
  exit "$status"
}

# -- steps ---------------------------------------------------------------------

number=0

step() { # step WHAT
  number=$((number + 1))
  printf '%d. %s\n' "$number" "$1"
}

good() { printf '   ok: %s\n' "$1"; }

bad() { # bad WHAT [FILE...]: the end
  printf '   NOT AS IT MUST BE: %s\n' "$1"
  shift
  for file in "$@"; do
    printf '   -- %s:\n' "${file##*/}"
    tail -n 20 "$file" | sed 's/^/   | /'
  done
  exit 1
}

build_programs() {
  if [ -n "${H46017_PROGRAMS:-}" ]; then
    programs=$H46017_PROGRAMS
    return
  fi
  step "Build the libraries and the programs in $build"
  programs=$build/examples
  log=$work/build.log
  if [ ! -f "$build/build.ninja" ]; then
    rm -rf "$build"
    meson setup "$build" "$root" -Dexamples=enabled -Dtls=enabled \
      -Dtests=disabled >"$log" 2>&1 || bad "meson setup failed" "$log"
  fi
  ninja -C "$build" >"$log" 2>&1 || bad "the build failed" "$log"
  good "built"
}

# certificate NAME CN EXTENSIONS AUTHORITY: NAME.pem and NAME.key
certificate() {
  openssl req -new -config "$work/openssl.cnf" -newkey ec \
    -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/$1.key" \
    -out "$work/$1.csr" -subj "/CN=$2"
  if [ "$4" = self ]; then
    openssl x509 -req -in "$work/$1.csr" -key "$work/$1.key" -days 2 -sha256 \
      -extfile "$work/openssl.cnf" -extensions "$3" -out "$work/$1.pem"
  else
    openssl x509 -req -in "$work/$1.csr" -CA "$work/$4.pem" \
      -CAkey "$work/$4.key" -CAcreateserial -days 2 -sha256 \
      -extfile "$work/openssl.cnf" -extensions "$3" -out "$work/$1.pem"
  fi
}

make_certificates() {
  step "Make a device authority and the certificates, with openssl"
  cat >"$work/openssl.cnf" <<'EOF'
[req]
distinguished_name = dn
[dn]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[device]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
[gatekeeper]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
EOF
  {
    certificate ca "Demo device authority" authority self &&
      certificate device "$device" device ca &&
      certificate impostor "$impostor" device ca &&
      certificate gatekeeper localhost gatekeeper ca &&
      certificate strange-ca "Somebody else's authority" authority self &&
      certificate strange "$device" device strange-ca
  } >"$work/openssl.log" 2>&1 || bad "openssl failed" "$work/openssl.log"
  good "device $device, an impostor $impostor of the same authority,
       a $device of an authority nobody trusts here, and the gatekeeper"
}

ctl() { "$programs/h46017-ctl" --state "$work/state" "$@"; }

add_device() {
  step "Tell the gatekeeper of the device: h46017-ctl device add $device --tls-only"
  ctl device add "$device" --tls-only >"$work/ctl.log" 2>&1 ||
    bad "it was not added" "$work/ctl.log"
  ctl device list | sed 's/^/   | /'
  good "it may register over TLS with a certificate for that name, and no
       other way; no password exists"
}

# event FILE PATTERN...: the first line with all of them, within ten seconds
event() {
  file=$1
  shift
  tries=0
  while :; do
    found=$(cat "$file" 2>/dev/null) || found=
    for pattern in "$@"; do
      found=$(printf '%s\n' "$found" | grep -F -e "$pattern") || found=
    done
    if [ -n "$found" ]; then
      printf '%s\n' "$found" | head -n 1
      return 0
    fi
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || return 1
    sleep 0.1
  done
}

port() { # port tcp|tls
  event "$work/gk.json" '"event":"listening"' "\"transport\":\"$1\"" |
    sed 's/.*"address":"[^"]*:\([0-9]*\)".*/\1/'
}

start_gatekeeper() {
  step "Start the gatekeeper: h46017-gk, on ports it picks free"
  "$programs/h46017-gk" --state "$work/state" --tcp 127.0.0.1:0 \
    --tls 127.0.0.1:0 --cert "$work/gatekeeper.pem" \
    --key "$work/gatekeeper.key" --trust "$work/ca.pem" --log json \
    >"$work/gk.json" 2>"$work/gk.err" &
  if ! tcp=$(port tcp) || ! tls=$(port tls) || [ -z "$tcp" ] || [ -z "$tls" ]; then
    bad "it does not listen" "$work/gk.err"
  fi
  good "TCP $tcp, TLS $tls; believed: devices of the demo's authority"
}

register_device() {
  step "The device registers: h46017-ep --gatekeeper tls:127.0.0.1:$tls --hardware-id auto"
  "$programs/h46017-ep" --gatekeeper "tls:127.0.0.1:$tls" --hardware-id auto \
    --cert "$work/device.pem" --key "$work/device.key" \
    --trust "$work/ca.pem" --ttl 60 --log json \
    >"$work/ep.json" 2>"$work/ep.err" &
  endpoint=$!
  line=$(event "$work/gk.json" '"event":"registered"' "\"$device\"" \
    '"transport":"tls"' '"auth":"certificate"') ||
    bad "it is not registered" "$work/gk.json" "$work/ep.json" "$work/ep.err"
  printf '   | %s\n' "$line"
  good "over TLS, by its certificate alone; the gatekeeper says who is there:"
  ctl registrations >"$work/ctl.log" 2>&1 ||
    bad "h46017-ctl registrations failed" "$work/ctl.log"
  sed 's/^/   | /' "$work/ctl.log"
  grep -q "^$device .* over tls by certificate" "$work/ctl.log" ||
    bad "the device is not among them" "$work/ctl.log"
}

# attempt STATUS LIST NAME [OPTION...]: an endpoint that must end with STATUS
attempt() {
  wanted=$1 list=$2 name=$3
  shift 3
  status=0
  "$programs/h46017-ep" --gatekeeper "$list" --hardware-id "$name" --once \
    --log json "$@" >"$work/$number.json" 2>"$work/$number.err" || status=$?
  [ "$status" -eq "$wanted" ] ||
    bad "exit status $status, not $wanted" "$work/$number.json" "$work/$number.err"
}

refuse_impostor() {
  step "An impostor: the certificate of $impostor, the name $device"
  attempt 13 "tls:127.0.0.1:$tls" "$device" --cert "$work/impostor.pem" \
    --key "$work/impostor.key" --trust "$work/ca.pem"
  line=$(event "$work/gk.json" '"event":"rejected"' \
    '"reason":"securityDenial"' '"code":"IDENTITY_MISMATCH"') ||
    bad "the gatekeeper's reason is another" "$work/gk.json"
  printf '   | %s\n' "$line"
  good "refused (exit status 13): the certificate is good, but somebody else's"
}

refuse_tcp() {
  step "The device's name over plain TCP"
  attempt 13 "tcp:127.0.0.1:$tcp" "$device"
  line=$(event "$work/gk.json" '"event":"rejected"' \
    '"reason":"securityDenial"' '"code":"TLS_REQUIRED"') ||
    bad "the gatekeeper's reason is another" "$work/gk.json"
  printf '   | %s\n' "$line"
  good "refused (exit status 13): this device is TLS-only"
}

refuse_stranger() {
  step "A certificate for $device of an authority that is not trusted"
  attempt 12 "tls:127.0.0.1:$tls" "$device" --cert "$work/strange.pem" \
    --key "$work/strange.key" --trust "$work/ca.pem"
  line=$(event "$work/gk.json" '"event":"refused"' '"code":"UNKNOWN_CA"') ||
    bad "the gatekeeper's reason is another" "$work/gk.json"
  printf '   | %s\n' "$line"
  good "refused in the handshake (exit status 12)"
}

still_there() {
  step "The device is still registered, and leaves in order"
  ctl registrations | grep -q "^$device .* over tls by certificate" ||
    bad "it is not" "$work/gk.json"
  kill -TERM "$endpoint"
  status=0
  wait "$endpoint" || status=$?
  [ "$status" -eq 0 ] || bad "its exit status is $status" "$work/ep.err"
  event "$work/gk.json" '"event":"unregistered"' '"why":"UNREGISTERED"' \
    >/dev/null || bad "it did not unregister" "$work/gk.json"
  good "nobody disturbed it"
}

steps() {
  work=$1
  build_programs
  make_certificates
  add_device
  start_gatekeeper
  register_device
  refuse_impostor
  refuse_tcp
  refuse_stranger
  still_there
  printf 'All %d steps went as they must.\n' "$number"
}

case ${1:-} in
'') demo ;;
--watch) watch "$2" ;;
--steps) steps "$2" ;;
*)
  echo "usage: sh examples/demo.sh" >&2
  exit 2
  ;;
esac
