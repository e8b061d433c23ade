# shellcheck shell=bash
# What scripts/image --check does with the image, and what other images use of it: containers run with runc, as nobody, without
# capabilities and with a root that can't be written, on the loopback of this machine.
# Sourced with ROOT, WORK, IMAGE_USER, HOME_IN_IMAGE and MAIN set.

CHECK_CALLS_EVERY=0.02
CHECK_STARTS=5

# container NAME ENTRY WORDS...: starts one in the background and adds its process to RUNNING. ENTRY is what comes
# between the JVM's options and the words: the main class, and options before it.
container() {
  local name=$1 entry=$2 bundle=$CHECK/$1 words=[]
  shift 2
  mkdir -p "$bundle"
  # As a list of JSON, because jq would take words with dashes for options of its own.
  if (($#)); then words=$(printf '%s\n' "$@" | jq --raw-input . | jq --slurp .); fi
  # shellcheck disable=SC2016 # jq expands it
  jq --arg root "$CHECK/image/rootfs" --arg name "$name" --arg entry "$entry" --arg java "$HOME_IN_IMAGE/runtime/bin/java" \
    --arg args "@$HOME_IN_IMAGE/lib/jvm.args" --arg shared "$CHECK/shared" --arg services "$CHECK/services" \
    --argjson words "$words" '
      .root = {path: $root, readonly: true} | .hostname = "" | .process.terminal = false |
      .process.args = ([$java, $args] + ($entry | split(" ")) + $words) |
      .process.noNewPrivileges = true | .process.capabilities = {} | .process.rlimits = [] |
      .process.env += ["HOLDFAST_REGISTRY=file:///run/services"] |
      .linux.namespaces |= map(select(.type != "network" and .type != "uts")) |
      .linux.resources = {} | del(.linux.uidMappings, .linux.gidMappings) |
      .mounts |= map(select(.destination != "/etc/resolv.conf" and .destination != "/sys" and .destination != "/sys/fs/cgroup")) |
      .mounts += [
        {destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "noexec", "mode=1777"]},
        {destination: "/run/services", type: "bind", source: $services, options: ["rbind", "rw"]},
        {destination: "/run/holdfast", type: "bind", source: $shared, options: ["rbind", "rw"]}]' \
    "$CHECK/image/config.json" >"$bundle/config.json"
  runc --root "$CHECK/state" run --bundle "$bundle" "$name" >"$bundle.out" 2>"$bundle.err" <&"$OPEN_INPUT" &
  RUNNING[$name]=$!
}

# ends NAME: waits for its end, a minute at most, and sets CODE to its exit code.
ends() {
  local i pid=${RUNNING[$1]}
  for ((i = 0; i < 600; i++)); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  if kill -0 "$pid" 2>/dev/null; then
    die "$1 still runs after a minute: $(tail -n 3 "$CHECK/$1.err")"
  fi
  CODE=0
  wait "$pid" || CODE=$?
  unset "RUNNING[$1]"
}

container_pid() {
  runc --root "$CHECK/state" state "$1" | jq -r .pid
}

terminate() {
  runc --root "$CHECK/state" kill "$1" TERM
}

# What the check started is ended, whatever became of it.
end_containers() {
  local name
  for name in "${!RUNNING[@]}"; do
    runc --root "$CHECK/state" delete --force "$name" >/dev/null 2>&1 || true
  done
  if [[ -n ${CALLER:-} ]]; then kill "$CALLER" 2>/dev/null || true; fi
}

one_call() {
  curl --silent --fail --max-time 10 --output /dev/null --json '{"id": "7"}' "http://$1/holdfast.examples.v1.Orders/Get"
}

# Calls on new connections until the file over is there; each failure is a line in failed.
steady_calls() {
  local calls=0
  while [[ ! -e $CHECK/over ]]; do
    one_call "$1" || printf 'call %s: curl ended with %s\n' "$calls" "$?" >>"$CHECK/failed"
    calls=$((calls + 1))
    sleep "$CHECK_CALLS_EVERY"
  done
  printf '%s\n' "$calls" >"$CHECK/calls"
}

# It serves as nobody, and nothing of its root can be written.
check_serves() {
  local pid uid
  container orders "$SERVICE" file:///run/services/orders one
  await_text "$CHECK/orders.out" listening
  container older "$MAIN" gateway --json --registry file:///run/services --listen 0 --admin none --metrics 0 \
    --handover /run/holdfast/gateway.sock
  await_text "$CHECK/older.out" '"listen"'
  ADDRESS=$(jq -r .listen "$CHECK/older.out")
  METRICS=$(jq -r .metrics "$CHECK/older.out")
  pid=$(container_pid older)
  uid=$(awk '/^Uid:/ {print $2}' "/proc/$pid/status")
  [[ $uid == "$IMAGE_USER" ]] || die "user of the process: $uid (expected: $IMAGE_USER)"
  [[ $(awk '/^CapEff:/ {print $2}' "/proc/$pid/status") == 0000000000000000 ]] || die "the process has capabilities (expected: none)"
  awk '$5 == "/" && $6 !~ /(^|,)ro(,|$)/ {exit 1}' "/proc/$pid/mountinfo" || die "the root can be written (expected: read-only)"
  curl --silent --fail --output /dev/null --retry 30 --retry-all-errors --retry-delay 1 "http://$METRICS/readyz"
  curl --silent --fail --output /dev/null --retry 30 --retry-all-errors --retry-delay 1 --json '{"id": "7"}' \
    "http://$ADDRESS/holdfast.examples.v1.Orders/Get"
  [[ $(curl --silent "http://$METRICS/livez") == ok ]] || die "livez says something else than ok"
  grep -q '^grpc_server_call_started_total{.*Orders/Get"} ' <(curl --silent "http://$METRICS/metrics") ||
    die "the metrics have no call"
}

# A newer container takes the sockets over from the older one, while calls on new connections come in.
check_hands_over() {
  steady_calls "$ADDRESS" &
  CALLER=$!
  container newer "$MAIN" gateway --json --registry file:///run/services --listen "$ADDRESS" --admin none \
    --metrics "$METRICS" --handover /run/holdfast/gateway.sock
  await_text "$CHECK/newer.out" '"listen"'
  ends older
  ((CODE == 0)) || die "the older gateway ended with $CODE: $(tail -n 3 "$CHECK/older.err")"
  curl --silent --fail --output /dev/null --retry 30 --retry-all-errors --retry-delay 1 "http://$METRICS/readyz"
  touch "$CHECK/over"
  wait "$CALLER"
  CALLER=""
  [[ ! -e $CHECK/failed ]] || die "$(wc -l <"$CHECK/failed") of $(<"$CHECK/calls") calls failed: $(head -n 1 "$CHECK/failed")"
  (($(<"$CHECK/calls") >= 20)) || die "$(<"$CHECK/calls") calls during the handover (expected: 20 and more)"
}

# SIGTERM lets a stream run to its end, and new connections are refused meanwhile.
check_drains() {
  container follow "$MAIN" call "$ADDRESS" holdfast.examples.v1.Orders/Follow --authority orders \
    -d '{"id": "7", "intervalMillis": 1000}'
  await_text "$CHECK/follow.out" '"sequence"'
  terminate newer
  await_text "$CHECK/newer.err" "holdfast: draining: "
  [[ $(curl --silent --write-out '%{http_code}' --output /dev/null "http://$METRICS/readyz") == 503 ]] ||
    die "readyz says something else than 503 in a drain"
  ends follow
  ((CODE == 0)) || die "the stream ended with $CODE: $(tail -n 3 "$CHECK/follow.err")"
  grep -q '"delivered"' "$CHECK/follow.out" || die "the stream did not come to its end: $(tail -n 1 "$CHECK/follow.out")"
  ends newer
  ((CODE == 0)) || die "the drained gateway ended with $CODE: $(tail -n 3 "$CHECK/newer.err")"
}

# start_millis LABEL ENTRY WORDS...: the median of the times until a program says where it listens.
start_millis() {
  local label=$1 entry=$2 i began times=()
  shift 2
  for ((i = 0; i < CHECK_STARTS; i++)); do
    began=$(date +%s%N)
    container "$label-$i" "$entry" "$@" --registry file:///run/services --json --listen 0 --admin 0
    while ! grep -q '"listen"' "$CHECK/$label-$i.out" 2>/dev/null; do
      kill -0 "${RUNNING[$label-$i]}" || die "$label ended: $(tail -n 3 "$CHECK/$label-$i.err")"
      sleep 0.01
    done
    times+=($((($(date +%s%N) - began) / 1000000)))
    terminate "$label-$i"
    ends "$label-$i"
  done
  printf '%s\n' "${times[@]}" | sort -n | sed -n "$(((CHECK_STARTS + 1) / 2))p" >"$CHECK/$label.millis"
}

# begin_check LAYOUT TAG: unpacks the image, of which containers are made.
begin_check() {
  CHECK=$WORK/check
  declare -gA RUNNING=()
  trap end_containers EXIT
  rm -rf "$CHECK"
  mkdir -p "$CHECK/services" "$CHECK/shared" "$CHECK/state"
  umoci unpack --image "$1:$2" "$CHECK/image"
  chown "$IMAGE_USER:$IMAGE_USER" "$CHECK/services" "$CHECK/shared"
  chmod 0700 "$CHECK/shared"
  open_input
}

# check_image LAYOUT TAG
check_image() {
  begin_check "$1" "$2"
  check_serves
  check_hands_over
  check_drains
  start_millis gateway "$MAIN" gateway
  start_millis gateway-without "-Xshare:off $MAIN" gateway
  start_millis control "$MAIN" control
  start_millis control-without "-Xshare:off $MAIN" control
  terminate orders
  ends orders
  printf 'RESULT runs=1 serves=1 drains=1 hands_over=1 calls=%s failed=0 image_mb=%s gateway_start_ms=%s gateway_start_without_archive_ms=%s control_start_ms=%s control_start_without_archive_ms=%s\n' \
    "$(<"$CHECK/calls")" "$(($(stat --format %s "$1.tar") >> 20))" "$(<"$CHECK/gateway.millis")" \
    "$(<"$CHECK/gateway-without.millis")" "$(<"$CHECK/control.millis")" "$(<"$CHECK/control-without.millis")"
}
