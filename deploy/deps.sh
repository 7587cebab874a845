#!/usr/bin/env bash
# Makes sure that what crier's tests need beyond Go is there: a C compiler for the race detector, a real Postfix, Node.js
# with npm, openssl, gpg, Dovecot, swaks, on Linux ip, on Debian systemd-analyze, the programs pinned in deploy/testpeers, and
# the nats command pinned in deploy/tools/natscli. Says nothing, and takes no time, when all of it is. With the argument bench
# it does so too for what benchmarks are compared with: Kannel.
#
# On Debian and its kin it installs what is missing, with sudo if need be, and starts no service. Elsewhere it names the
# packages and gives up.
set -euo pipefail
cd "$(dirname "$0")"

export PATH="$PATH:/usr/sbin:/sbin" # where Postfix is, also for those who are not root

main() {
  local missing
  missing=$(missing_needs "$@")
  if [ -n "$missing" ]; then
    # shellcheck disable=SC2086 # one word per need
    install_needs $missing
  fi
  check_node
  install_npm_programs
  build_nats_command
}

missing_needs() {
  has_c_compiler || echo compiler
  has postfix || echo postfix
  has node || echo node
  has npm || echo npm
  has openssl || echo openssl
  has gpg || echo gnupg
  has dovecot || echo dovecot
  has swaks || echo swaks
  has systemd-analyze || ! has apt-get || echo systemd
  has ip || [ "$(uname)" != Linux ] || echo iproute2
  [ "${1:-}" != bench ] || has bearerbox || echo kannel
}

has() { command -v "$1" >/dev/null; }

has_c_compiler() {
  local cc
  cc=$(go env CC)
  echo '#include <stdlib.h>' | ${cc:-cc} -E - >/dev/null 2>&1
}

# packages SYSTEM NEED prints what a need is called there.
packages() {
  case "$1 $2" in
    'debian compiler') echo gcc libc6-dev ;;
    'debian node') echo nodejs ;;
    'debian dovecot') echo dovecot-imapd dovecot-lmtpd ;;
    'fedora compiler') echo gcc glibc-devel ;;
    'fedora node') echo nodejs ;;
    'fedora gnupg') echo gnupg2 ;;
    'fedora npm') echo nodejs-npm ;;
    'fedora iproute2') echo iproute ;;
    'arch compiler') echo gcc ;;
    'arch node') echo nodejs ;;
    'alpine compiler') echo gcc musl-dev ;;
    'alpine node') echo nodejs ;;
    'macos compiler' | 'macos npm') ;; # with Xcode's tools; with node
    *) echo "$2" ;;
  esac
}

# all_packages SYSTEM NEED... prints them on one line.
all_packages() {
  local system=$1 need
  shift
  for need in "$@"; do packages "$system" "$need"; done | tr '\n' ' '
}

install_needs() {
  if ! has apt-get; then
    cat >&2 <<EOF
The tests need: $*. Please install
  Fedora   dnf install $(all_packages fedora "$@")
  Arch     pacman -S $(all_packages arch "$@")
  Alpine   apk add $(all_packages alpine "$@")
  macOS    xcode-select --install; brew install $(all_packages macos "$@")
EOF
    exit 1
  fi
  if [ "$(id -u)" -ne 0 ] && ! has sudo; then
    echo "The tests need: $*. As root: apt-get install --no-install-recommends $(all_packages debian "$@")" >&2
    exit 1
  fi
  echo "Installing what the tests need: $*"
  trap allow_services EXIT
  forbid_services
  apt_get update
  # shellcheck disable=SC2046 # one word per package
  apt_get install -y --no-install-recommends $(all_packages debian "$@")
  allow_services
  trap - EXIT
}

apt_get() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Debian asks /usr/sbin/policy-rc.d before it starts a service that it has just installed. For the length of the install
# the answer is no; afterwards whatever was there is there again.
policy=/usr/sbin/policy-rc.d
policy_kept=$policy.before-crier

forbid_services() {
  if [ -e "$policy" ] && [ ! -e "$policy_kept" ]; then as_root mv "$policy" "$policy_kept"; fi
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}

allow_services() {
  as_root rm -f "$policy"
  if [ -e "$policy_kept" ]; then as_root mv "$policy_kept" "$policy"; fi
}

check_node() {
  local version major minor
  version=$(node --version) # v18.20.4
  IFS=. read -r major minor _ <<<"${version#v}"
  if [ "$major" -lt 18 ] || { [ "$major" -eq 18 ] && [ "$minor" -lt 19 ]; }; then
    echo "Node.js here is $version; the programs in deploy/testpeers need 18.19 or newer: see https://nodejs.org/" >&2
    exit 1
  fi
}

# npm ci is skipped while the copy of the lock file beside what it installed is still the same.
install_npm_programs() {
  local lock=testpeers/package-lock.json installed=testpeers/node_modules/.installed-lock.json
  if cmp -s "$lock" "$installed"; then return; fi
  if [ -L testpeers/node_modules ]; then # npm ci would empty the folder that it leads to, which is somebody else's
    echo "testpeers/node_modules is a link to packages of another version; remove it, or install them there." >&2
    exit 1
  fi
  (cd testpeers && npm ci --ignore-scripts --no-audit --no-fund)
  cp "$lock" "$installed"
}

# The nats command is a large program; it is built again only when its pins have changed.
build_nats_command() {
  local pins=tools/natscli/go.sum built=../bin/tools/nats
  if [ -x "$built" ] && cmp -s "$pins" "$built.pins"; then return; fi
  echo "Building the nats command; this takes a few minutes once"
  mkdir -p ../bin/tools
  (cd tools/natscli && CGO_ENABLED=0 go build -o ../../../bin/tools/nats github.com/nats-io/natscli/nats)
  cp "$pins" "$built.pins"
}

main "$@"
