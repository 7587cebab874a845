#!/bin/bash
# Makes store-1.tar.gz in the present folder with the program $1; see README.md.
set -eu -o pipefail
crier=$1
work=$(mktemp -d)
cd "$work"
$crier dev --json --api 127.0.0.1:0 --store "$work/store" --set log.messageAge=87600h --set log.eventAge=87600h \
  --set log.auditAge=87600h --set log.markerTTL=87700h --set index.keep=87600h --set policy.expiry=87000h \
  --set api.maxExpiry=87000h --set policy.retry=2m,2m,2m >session.json 2>dev.log &
pid=$!
until [ -s session.json ]; do kill -0 $pid || { cat dev.log; exit 1; }; sleep 0.1; done
field() { sed -E "s/.*\"$1\":\"([^\"]*)\".*/\1/" session.json; }
export CRIER_SERVER=$(field api) CRIER_ISSUER=$(field issuer) CRIER_CLIENT_ID=$(field clientId) CRIER_CLIENT_SECRET=$(field clientSecret)
CRIER_TOKEN=$(field adminToken) $crier room create newborn --title 'Mothers of a newborn child' --publisher demo-publisher:direct >/dev/null
for who in dinah@example.com +9991000010; do CRIER_TOKEN=$(field adminToken) $crier subscribe add newborn $who >/dev/null; done
TOKEN=$(field token)
post() { curl -sf "$CRIER_SERVER/v1/rooms/$1/messages" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d "$2" | tee -a receipts; echo >>receipts; }
post demo '{"transactionId":"old-1","type":"reminder","content":{"subject":"Vaccination","text":"Please come on Tuesday.","sms":"Tuesday"}}'
post newborn '{"transactionId":"old-2","type":"reminder","content":{"subject":"Vaccination","text":"Please come on Tuesday.","sms":"Tuesday"}}'
post demo '{"transactionId":"old-3","type":"reminder","content":{"subject":"Vaccination","text":"Parked."},"recipients":[{"email":"temporary-1@example.com"},{"email":"permanent@example.com"},{"email":"a@example.com"}]}'
for umid in $(sed -E 's/.*"umid":"([^"]*)".*/\1/' receipts); do
  until s=$($crier status $umid) && ! grep -qE 'pending [1-9]|queued [1-9]' <<<"$s"; do :; done; echo "$s" >>status
done
cat status
kill -TERM $pid
wait $pid
rm -rf store/index store/lock # the index is derived
tar --sort=name --owner=0 --group=0 --numeric-owner -czf "$OLDPWD/store-1.tar.gz" store store.key store.keys.json store.clients.json
