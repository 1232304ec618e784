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
# Nothing is left behind however one of its processes dies:
#   demo    the one you start: waits for the steps, then ends their process
#           group and removes the directory
#   steps   the work; leads the process group of all that it starts
#   guard   in a session of its own: does the same once demo is gone
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
build=${H46017_BUILD:-$root/build-demo}
device=0090332f688a
impostor=0090332f0bad
softphone=softphone-4711
neighbour=0090332f0001

# -- demo and guard ------------------------------------------------------------

demo() {
  group=
  trap stop EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  [ -n "${H46017_PROGRAMS:-}" ] || sh "$root/tools/setup.sh" build
  work=${TMPDIR:-/tmp}/h46017-demo.$$
  [ ! -e "$work" ] || {
    echo "demo: $work is there already" >&2
    exit 1
  }
  setsid sh "$here/demo.sh" --steps "$$" "$work" </dev/null &
  group=$!
  status=0
  wait "$group" || status=$?
  exit "$status"
}

stop() {
  status=$?
  trap '' HUP INT TERM
  # a signal may have come before $! was read
  group=${group:-${!:-}}
  [ -z "$group" ] || clean "$group" "$work"
  [ "$status" -lt 128 ] || echo "demo: stopped; nothing is left of it" >&2
  exit "$status"
}

guard() { # guard DEMO GROUP WORK
  # until nobody, or nobody but its corpse, has that number
  while read -r _ _ state _ 2>/dev/null <"/proc/$1/stat" && [ "$state" != Z ]; do
    sleep 0.2 || :
  done
  clean "$2" "$3"
}

clean() { # clean GROUP WORK
  tries=0
  # the group, or (no leader yet) the process; dash reads `--` only after -s
  while kill -s TERM -- "-$1" 2>/dev/null || kill -TERM "$1" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || kill -s KILL -- "-$1" 2>/dev/null || true
    sleep 0.1 || :
  done
  rm -rf "$2" || rm -rf "$2"
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
      certificate strange "$device" device strange-ca &&
      certificate soft "$softphone" device self
  } >"$work/openssl.log" 2>&1 || bad "openssl failed" "$work/openssl.log"
  good "device $device, an impostor $impostor of the same authority,
       a $device of an authority nobody trusts here, a soft phone's own,
       and the gatekeeper"
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

# event FILE TEXT...: the first line with all of them, within ten seconds
event() {
  tries=0
  while ! awk 'BEGIN { for (i = 2; i < ARGC; i++) { text[i] = ARGV[i]; ARGV[i] = "" } }
      { for (i in text) if (!index($0, text[i])) next; print; found = 1; exit }
      END { exit !found }' "$@" 2>/dev/null; do
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
    --state "$work/endpoint" --cert "$work/device.pem" --key "$work/device.key" \
    --trust "$work/ca.pem" --ttl 60 --answer --log json \
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
    --state "$work/endpoint" --log json "$@" >"$work/$number.json" 2>"$work/$number.err" || status=$?
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

trust_softphone() {
  step "A soft phone with a certificate it made itself: refused, then trusted with one command"
  ctl device add "$softphone" --tls-only >"$work/ctl.log" 2>&1 ||
    bad "it was not added" "$work/ctl.log"
  attempt 12 "tls:127.0.0.1:$tls" "$softphone" --cert "$work/soft.pem" \
    --key "$work/soft.key" --trust "$work/ca.pem"
  line=$(event "$work/gk.json" '"event":"refused"' \
    '"code":"SELF_SIGNED_UNTRUSTED"') ||
    bad "the gatekeeper's reason is another" "$work/gk.json"
  printf '   | %s\n' "$line"
  id=$(printf '%s\n' "$line" | sed 's/.*"rejected_id":"\([0-9a-f]*\)".*/\1/')
  printf '   | h46017-ctl rejected trust %.12s\n' "$id"
  ctl rejected trust "$id" >"$work/ctl.log" 2>&1 ||
    bad "it is not trusted" "$work/ctl.log"
  sed 's/^/   | /' "$work/ctl.log"
  attempt 0 "tls:127.0.0.1:$tls" "$softphone" --cert "$work/soft.pem" \
    --key "$work/soft.key" --trust "$work/ca.pem"
  good "it registers now; nothing was restarted, nobody else was disturbed"
}

call_device() {
  step "A neighbour calls the device: h46017-ep --hardware-id $neighbour --call $device"
  ctl device add "$neighbour" --auth open >"$work/ctl.log" 2>&1 ||
    bad "the neighbour was not added" "$work/ctl.log"
  attempt 0 "tcp:127.0.0.1:$tcp" "$neighbour" --call "$device" --hangup 1
  line=$(event "$work/gk.json" '"event":"call"' '"state":"released"' \
    "\"to\":\"$device\"" '"cause":16') ||
    bad "the gatekeeper has no record of the call" "$work/gk.json"
  printf '   | %s\n' "$line"
  for side in "$number" ep; do
    event "$work/$side.json" '"event":"h245"' '"octets":"218001"' >/dev/null ||
      bad "H.245 did not come through" "$work/$side.json"
  done
  good "from TCP to TLS, with H.245 both ways, over the connections that they
       registered on"
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

steps() { # steps DEMO WORK
  work=$2
  setsid sh "$here/demo.sh" --guard "$1" "$$" "$work" >/dev/null 2>&1 &
  mkdir -m 700 "$work"
  build_programs
  make_certificates
  add_device
  start_gatekeeper
  register_device
  refuse_impostor
  refuse_tcp
  refuse_stranger
  trust_softphone
  call_device
  still_there
  printf 'All %d steps went as they must.\n' "$number"
}

case ${1:-} in
'') demo ;;
--steps) steps "$2" "$3" ;;
--guard) guard "$2" "$3" "$4" ;;
*)
  echo "usage: sh examples/demo.sh" >&2
  exit 2
  ;;
esac
