#!/usr/bin/env bash
# Makes the certificates with which the nodes of a cluster know each other, with openssl:
#
#   certify.sh ca FOLDER                     an authority: FOLDER/ca.crt and FOLDER/ca.key
#   certify.sh node FOLDER NAME ADDRESS...   a node's: FOLDER/NAME.crt and FOLDER/NAME.key
#
# ADDRESS is an IP address or host name under which the others reach the node, as in broker.cluster.routes. Whoever holds a
# certificate of this authority is a node and may read and write everything: use it for nothing else. ca.key belongs in a
# safe place, not on a node. What is there already is left alone.
set -euo pipefail
umask 077

authority_days=3650
node_days=730

main() {
  case "${1-} $#" in
    'ca 2') authority "$2" ;;
    'node '[4-9]* | 'node 1'[0-9]*) shift && node "$@" ;;
    *) usage ;;
  esac
}

usage() {
  sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2
  exit 2
}

authority() {
  local folder=$1
  mkdir -p "$folder"
  refuse_existing "$folder/ca.key" "$folder/ca.crt"
  openssl req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days "$authority_days" \
    -config <(extensions 'basicConstraints = critical, CA:TRUE, pathlen:0' 'keyUsage = critical, keyCertSign, cRLSign' \
      'subjectKeyIdentifier = hash') \
    -extensions extensions -subj '/CN=crier nodes' -keyout "$folder/ca.key" -out "$folder/ca.crt"
}

node() {
  local folder=$1 name=$2
  shift 2
  refuse_existing "$folder/$name.key" "$folder/$name.crt"
  if [ ! -r "$folder/ca.key" ]; then
    echo "$folder/ca.key is missing: begin with $0 ca $folder" >&2
    exit 1
  fi
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 \
    -config <(extensions) -subj "/CN=$name" -keyout "$folder/$name.key" |
    openssl x509 -req -sha256 -days "$node_days" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" \
      -set_serial "0x$(openssl rand -hex 16)" -extensions extensions \
      -extfile <(extensions 'basicConstraints = critical, CA:FALSE' 'keyUsage = critical, digitalSignature' \
        'extendedKeyUsage = serverAuth, clientAuth' "subjectAltName = $(names "$@")") \
      -out "$folder/$name.crt"
}

# extensions prints a configuration of openssl that depends on nothing else on this machine.
extensions() {
  printf '[req]\ndistinguished_name = subject\nprompt = no\n[subject]\n[extensions]\n'
  if [ $# -gt 0 ]; then printf '%s\n' "$@"; fi
}

# names prints addresses as alternative names of a certificate.
names() {
  local sep='' address
  for address in "$@"; do
    if [[ $address =~ ^[0-9.]+$ || $address == *:* ]]; then
      printf '%sIP:%s' "$sep" "$address"
    else
      printf '%sDNS:%s' "$sep" "$address"
    fi
    sep=,
  done
}

refuse_existing() {
  local file
  for file in "$@"; do
    if [ -e "$file" ]; then
      echo "$file is there already" >&2
      exit 1
    fi
  done
}

main "$@"
