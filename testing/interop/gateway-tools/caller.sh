#!/usr/bin/env bash
# curl, nghttp and h2load against a gateway before the service of talks.proto.
#
#   caller.sh HOST:PORT
#
# prints a line per check, "ok NAME" or "FAILED NAME" with what was seen, and at the end "N ok, M failed"; exit
# code 1 when one failed, 3 when a tool is missing.
set -uo pipefail

[[ $# -eq 1 ]] || { echo "usage: caller.sh HOST:PORT"; exit 2; }
URL=http://$1
SAY=$URL/holdfast.bench.clients.Talks/Say
for tool in curl nghttp h2load; do
  command -v "$tool" >/dev/null || { echo "missing: $tool; install with:  sudo apt-get install -y curl nghttp2-client"; exit 3; }
done
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
ok=0 failed=0

# check NAME PATTERN COMMAND...: what the command says, both outputs together, must match the pattern.
check() {
  local name=$1 pattern=$2 said
  shift 2
  said=$(timeout 120 "$@" 2>&1 | tr -d '\0\r' | tr '\n' '~')
  if [[ $said =~ $pattern ]]; then
    echo "ok $name"
    ok=$((ok + 1))
  else
    echo "FAILED $name: $(head -c 1500 <<<"$said") (expected: $pattern)"
    failed=$((failed + 1))
  fi
}

# ask NAME PATTERN OPTIONS..: curl, with the code, the version and the new connections of each answer.
ask() { check "curl $1" "$2" curl -sS -w '|%{http_code}|%{http_version}|%{num_connects}|' "${@:3}"; }

json=(-H 'content-type: application/json' -d '{"text":"tea"}')
ask "JSON" '^\{"text":"tea","number":"3"\}\|200\|1.1\|' \
  "${json[@]}" "$SAY"
ask "JSON over HTTP/2" '^\{"text":"tea","number":"3"\}\|200\|2\|' \
  --http2-prior-knowledge "${json[@]}" "$SAY"
ask "GET" '"text":"green tea".*\|200\|' \
  "$URL/v1/say/green%20tea"
ask "asks to upgrade and goes on with HTTP/1.1" '\|200\|1.1\|' \
  --http2 "${json[@]}" "$SAY"
ask "HTTP/1.0" '"text":"tea".*\|200\|' \
  --http1.0 "${json[@]}" "$SAY"
ask "takes the same connection again" '\|200\|1.1\|1\|.*\|200\|1.1\|0\|.*\|200\|1.1\|0\|' \
  "$URL/v1/say/a" "$URL/v1/say/b" "$URL/v1/say/c"
ask "a failure" '"code":5,"message":"kein K.*GONE.*\|404\|' \
  "$URL/v1/say/x?code=5"
ask "lines" '^(\{"text":"a","number":"[123]"\}~){3}\|200\|' \
  -N -H 'accept: application/x-ndjson' "$URL/v1/tell/a?count=3"
ask "server-sent events" '^data: ?\{"text":"a","number":"1"\}~~data: .*\|200\|' \
  -N -H 'accept: text/event-stream' "$URL/v1/tell/a?count=2"
ask "an array" '^\[\{.*\},?~?\{.*\}~?\]~?\|200\|' \
  -H 'accept: application/json' "$URL/v1/tell/a?count=2"
ask "sends lines" '^\{"text":"ab","number":"2"\}\|200\|' \
  -H 'content-type: application/x-ndjson' --data-binary $'{"text":"a"}\n{"text":"b"}\n' "$URL/v1/sum"

head -c 2000000 /dev/zero | tr '\0' y | sed 's/^/{"text":"/; s/$/"}/' >"$WORK/large"
head -c 5000000 /dev/zero | tr '\0' y | sed 's/^/{"text":"/; s/$/"}/' >"$WORK/larger"
large=(-H 'content-type: application/json' -T "$WORK/large" -X POST -o "$WORK/answer")
ask "Expect: 100-continue" '100 Continue.*\|200\|' \
  -v -H 'expect: 100-continue' "${large[@]}" "$SAY"
ask "an upload in chunks" '\|200\|' \
  -H 'transfer-encoding: chunked' "${large[@]}" "$SAY"
ask "an upload over HTTP/2" '\|200\|2\|' \
  --http2-prior-knowledge "${large[@]}" "$SAY"
ask "a body that is too large is refused before it is sent" '^[^~]*413.*\|413\|' \
  -H 'expect: 100-continue' -H 'content-type: application/json' -T "$WORK/larger" -X POST -D - -o "$WORK/answer" "$SAY"
ask "HEAD" '200 OK.*content-length: [0-9]' \
  --head "$URL/v1/say/a"
ask "OPTIONS" '\|204\|' \
  -X OPTIONS "$URL/v1/say/a"
ask "--compressed" '"text":"tea".*\|200\|' \
  --compressed "${json[@]}" "$SAY"
ask "a large header" '\|431\|' \
  -H "x-large: $(head -c 20000 "$WORK/large" | tr -d '"{}:')" "${json[@]}" "$SAY"

# An Ask with the text tea: of gRPC with its prefix.
printf '\0\0\0\0\5\12\3tea' >"$WORK/ask"
printf '{"text":"tea"}' >"$WORK/json"
grpc=(-H 'te: trailers' -H 'content-type: application/grpc' -d "$WORK/ask")
check "nghttp gRPC" ':status: 200.*grpc-status: 0' nghttp -nv "${grpc[@]}" "$SAY"
check "nghttp 100 streams" '^(.*:status: 200){100}' \
  bash -c 'nghttp -nv -m100 "$@" | grep -a ":status: 200"' nghttp -H 'content-type: application/json' -d "$WORK/json" "$SAY"
check "nghttp priorities" ':status: 200' nghttp -nv -p 200 -H 'content-type: application/json' -d "$WORK/json" "$SAY"
check "nghttp padding" ':status: 200.*grpc-status: 0' nghttp -nv -b 100 "${grpc[@]}" "$SAY"
# Its headers are larger than the gateway takes.
check "nghttp CONTINUATION" ':status: 200.*grpc-status: 8' nghttp -nv --continuation "${grpc[@]}" "$SAY"
check "nghttp without push" ':status: 200.*grpc-status: 0' nghttp -nv --no-push "${grpc[@]}" "$SAY"
check "nghttp asks to upgrade and is answered as HTTP/1.1" '"text":"a"' nghttp -nvu "$URL/v1/say/a"
check "nghttp small windows" ':status: 200' nghttp -nv -w 10 -W 10 "$URL/v1/say/a?padding=100000"
# Two sizes in one SETTINGS: the next header block has to announce both.
check "nghttp two table sizes" ':status: 200.*grpc-status: 0' nghttp -nv -c 100 -c 4096 "${grpc[@]}" "$SAY"
check "nghttp no dynamic table" ':status: 200.*grpc-status: 0' nghttp -nv --header-table-size=0 "${grpc[@]}" "$SAY"

all='2000 succeeded, 0 failed, 0 errored, 0 timeout.*status codes: 2000 2xx'
check "h2load gRPC" "$all" h2load -n2000 -c4 -m50 "${grpc[@]}" "$SAY"
check "h2load JSON" "$all" h2load -n2000 -c4 -m50 -H 'content-type: application/json' -d "$WORK/json" "$SAY"
check "h2load GET" "$all" h2load -n2000 -c4 -m50 "$URL/v1/say/a"
check "h2load HTTP/1.1" "$all" h2load --h1 -n2000 -c4 -H 'content-type: application/json' -d "$WORK/json" "$SAY"

echo "$ok ok, $failed failed"
((failed == 0))
