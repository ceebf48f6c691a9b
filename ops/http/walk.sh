#!/bin/sh
# A walk through the HTTP service with curl alone. It needs DIALER_URL, and in DIALER_KEY a key with
# the scopes enqueue, read and operate: dialer key create walk --scope enqueue --scope read --scope operate
# Numbers are made up. Each run has names of its own.
set -eu
run=$(date +%s)
say() { printf '%s\n' "$1" >&2; }
ask() {
  method=$1 path=$2
  shift 2
  curl --silent --show-error --fail-with-body --request "$method" \
    --header "Authorization: Bearer $DIALER_KEY" "$@" "$DIALER_URL$path"
  echo
}
json='Content-Type: application/json'
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

say "1. Hand a call in; the same key never makes a second one."
call='{"from": "8000000001", "to": "9000000001", "not_before": "2035-01-31T10:00:00+05:30"}'
ask POST /v1/calls --header "$json" --header "Idempotency-Key: order-$run" --data "$call"
ask POST /v1/calls --header "$json" --header "Idempotency-Key: order-$run" --data "$call"

say "2. Ask for it by its key."
ask GET "/v1/calls/by-key/default/order-$run"

say "3. Hand another one in, and take it back."
other=$(ask POST /v1/calls --header "$json" --header "Idempotency-Key: other-$run" --data "$call" | field id)
ask POST "/v1/calls/$other/cancel" --header "$json" --data '{"reason": "the customer wrote"}'

say "4. Define a campaign and give it a list of 10,000."
campaign="walk_$run"
ask PUT "/v1/campaigns/$campaign" --header "$json" --header 'If-None-Match: *' \
  --data '{"set": {"from": "8000000001"}, "columns": {"to": "phone"}}'
{ echo phone; seq -f '91%08.0f' 1 10000; } |
  ask POST "/v1/campaigns/$campaign/contacts" --header 'Content-Type: text/csv' --data-binary @-

say "5. Start it, look, pause it, let it go on."
ask POST "/v1/campaigns/$campaign/start"
ask GET "/v1/campaigns/$campaign/progress"
ask POST "/v1/campaigns/$campaign/pause" --header "$json" --data '{"reason": "lunch"}'
ask GET "/v1/campaigns/$campaign/progress"
ask POST "/v1/campaigns/$campaign/resume"

say "6. Why was one of them not rung?"
ask POST /v1/explain --header "$json" --data '{"number": "9100010000"}'
