# shellcheck shell=bash
# What ./holdfast, bench/run and ./verify share: finding tools, building once, starting fast.
# Sourced with ROOT set to the repository's directory.

APP="$ROOT/.holdfast/app"       # current -> one finished build; older ones stay while programs run on them
# shellcheck source=deploy/dist/launch.sh
source "$ROOT/deploy/dist/launch.sh"

die() {
  printf '%s: %s\n' "${PROGRAM:-holdfast}" "$1" >&2
  exit "${2:-1}"
}

# Nothing may end silently: set -e stops, this says where.
trap 'note "${PROGRAM:-holdfast}: line $LINENO of ${BASH_SOURCE[0]} failed: $BASH_COMMAND"' ERR

note() { printf '%s\n' "$*" >&2; }

# thrice COMMAND...: what depends on a network may fail once or twice.
thrice() {
  local i
  for i in 1 2 3; do
    if "$@"; then
      return 0
    fi
    echo "attempt $i of 3 failed: $*"
    sleep $((i * 2))
  done
  return 1
}

# Sets JDK to the first JDK (with javac) of at least version $1 and, when given, at most version $2.
find_jdk() {
  local least=$1 most=${2:-999} home major
  JDK=""
  while IFS= read -r home; do
    [[ -x $home/bin/java && -x $home/bin/javac ]] || continue
    major=$(java_major "$home")
    if ((major >= least && major <= most)); then
      JDK=$home
      return 0
    fi
  done < <(java_homes)
  return 1
}

require_build_tools() {
  local wanted=()
  find_jdk "$MIN_JAVA" || wanted+=(openjdk-17-jdk-headless)
  command -v mvn >/dev/null || wanted+=(maven)
  if ((${#wanted[@]})); then
    local sudo="sudo "
    ((EUID == 0)) && sudo=""
    die "building needs a JDK >= $MIN_JAVA and Maven; missing: ${wanted[*]}
  install with:  ${sudo}apt-get update && ${sudo}apt-get install -y ${wanted[*]}
  (or set JAVA_HOME to a JDK >= $MIN_JAVA that is installed elsewhere)"
  fi
}

# True when something that goes into the programs is newer than the build in use. A removed file
# shows as a newer directory.
sources_changed() {
  [[ -e $APP/current/stamp ]] || return 0
  local dirs=("$ROOT"/*/src/main "$ROOT"/*/*/src/main) newer
  newer=$(find "$ROOT"/pom.xml "$ROOT"/*/pom.xml "$ROOT"/*/*/pom.xml "${dirs[@]}" \
    -newer "$APP/current/stamp" -print -quit 2>/dev/null)
  [[ -n $newer ]]
}

# Follows a Maven log on stdin and says which module is being built, and how many files were fetched.
follow_maven() {
  local line fetched=0 started=$SECONDS
  while IFS= read -r line; do
    case $line in
      *"Downloaded from "*)
        fetched=$((fetched + 1))
        ((fetched % 50 == 0)) && note "  fetched $fetched files ..."
        ;;
      *"Building Holdfast "*"["*"]"*)
        line=${line#*Building Holdfast }
        note "  $((SECONDS - started)) s  ${line%% *}"
        ;;
    esac
  done
  return 0
}

# run_maven LOG ARGS...: Maven with the chosen JDK, progress on stderr, the log's end on failure.
run_maven() {
  local log=$1 status=0
  shift
  (cd "$ROOT" && JAVA_HOME=$JDK mvn -B "$@" 2>&1) | tee "$log" | follow_maven || status=1
  if ((status)); then
    note ""
    # -Werror turns warnings into failures, so those of the compiler count as well. Without Maven's words on how to use Maven.
    grep -E '^\[ERROR\]|^\[WARNING\].*\.java:' "$log" |
      grep -vE '^\[ERROR\] *$|To see the full stack trace|Re-run Maven|For more information about|\] \[Help|After correcting|mvn <args>' |
      sed 's/ -> \[Help [0-9]*\]$//' | head -n 40 >&2 || tail -n 40 "$log" >&2
    note "the whole log: $log"
    return 1
  fi
}

# stage_module FOLDER STAGE TARGET: copies a module's runtime class path into STAGE/lib, and writes it down as
# STAGE/<module>.cp. TARGET is the build folder within each module.
stage_module() {
  local folder=$ROOT/$1 module=${1##*/} stage=$2 target=$3 entry name path=""
  local jars=("$folder/$target/holdfast-$module"-*.jar) jar
  for jar in "${jars[@]}"; do
    [[ $jar == *-tests.jar || $jar == *-sources.jar ]] || entry=$jar
  done
  local entries
  # The file ends without a newline, which read reports as an error.
  IFS=: read -r -a entries <"$folder/$target/runtime-classpath" || ((${#entries[@]}))
  for entry in "$entry" "${entries[@]}"; do
    name=${entry##*/}
    if [[ ! -e $stage/lib/$name ]]; then
      # Our own jars are copied: the next build writes into the same files.
      if [[ $entry == "$ROOT"/* ]]; then cp "$entry" "$stage/lib/$name"
      else ln "$entry" "$stage/lib/$name" 2>/dev/null || cp "$entry" "$stage/lib/$name"
      fi
    fi
    path+=":$stage/lib/$name"
  done
  printf '%s\n' "${path#:}" >"$stage/$module.cp"
}

# Builds when needed. Two first calls at once: the second waits for the lock and finds the work done.
build_if_needed() {
  sources_changed || return 0
  require_build_tools
  mkdir -p "$APP"
  local lock
  exec {lock}>"$ROOT/.holdfast/lock"
  if ! flock --nonblock "$lock"; then
    note "another build is running; waiting for it ..."
    flock --timeout 1800 "$lock" || die "the other build did not finish within 30 minutes"
  fi
  if sources_changed; then
    build
  fi
  exec {lock}>&-
}

build() {
  local stamp=$APP/stamp.$$
  SECONDS=0
  : >"$stamp" # before Maven reads: what changes during the build counts as newer
  note "building Holdfast with $JDK (first time, or sources changed) ..."
  if ! run_maven "$ROOT/.holdfast/build.log" -Pquick -DskipTests -Dholdfast.skipTestCompile=true \
    package dependency:build-classpath@runtime-classpath; then
    rm -f "$stamp"
    die "the build failed"
  fi
  stage_build "$stamp" target/quick
  note "built in ${SECONDS}s"
}

# stage_build STAMP TARGET: makes the jars in each module's TARGET the build in use. STAMP is a file that is older than
# the build and newer than every source that went into it.
stage_build() {
  local stamp=$1 target=$2 stage old
  stage="$APP/$(date +%Y%m%d-%H%M%S)-$$"
  mkdir -p "$stage/lib"
  mv "$stamp" "$stage/stamp"
  stage_module programs/cli "$stage" "$target"
  stage_module testing/bench "$stage" "$target"
  stage_module testing/duplex-conformance "$stage" "$target"
  stage_module examples "$stage" "$target"
  # In no class path: its classes have the names of others. bench/run versions takes it from here.
  cp "$ROOT/integrations/grpc-netty-shaded/$target/holdfast-grpc-netty-shaded"-*.jar "$stage/lib/"
  ln -sfn "${stage##*/}" "$APP/next.$$"
  mv -T "$APP/next.$$" "$APP/current"
  # Programs that still run on an older build keep it; the three newest are kept for them.
  while IFS= read -r old; do rm -rf "$old"; done \
    < <(find "$APP" -mindepth 1 -maxdepth 1 -type d | sort -r | tail -n +4)
}

# Sets JAVA to the launcher to use, BUILD to the build in use (a rebuild meanwhile changes nothing) and
# CDS_FILE to the class data archive that belongs to both.
find_runtime() {
  find_java || require_build_tools
  [[ -n $JAVA ]] || die "no java >= $MIN_JAVA found"
  BUILD=$(readlink -f "$APP/current")
  CDS_FILE="$BUILD/cli${JAVA//\//_}.jsa"
}

# Dumps the classes that --help loads, once per build and JVM; a failure only costs start-up time.
dump_archive() {
  local classpath=$1
  [[ -e $CDS_FILE ]] && return 0
  "$JAVA" -XX:ArchiveClassesAtExit="$CDS_FILE.$$" -Xlog:disable -XX:TieredStopAtLevel=1 \
    -XX:+UseSerialGC -cp "$classpath" dev.holdfast.cli.HoldfastCommand --help >/dev/null 2>&1 || true
  [[ -s $CDS_FILE.$$ ]] && mv -f "$CDS_FILE.$$" "$CDS_FILE"
  return 0
}

# The packages of the proxies that the gateway is measured against, and of what loads them, that are not
# installed; servers are in sbin.
missing_proxies() {
  PATH=$PATH:/usr/sbin command -v nginx >/dev/null || echo nginx
  PATH=$PATH:/usr/sbin command -v haproxy >/dev/null || echo haproxy
  command -v h2load >/dev/null || echo nghttp2-client
  command -v nghttpd >/dev/null || echo nghttp2-server
}

# Debian starts what it installs. None of it may run: everything here starts its own.
# In a shell of its own, so that what forbids it goes away with it, also on Ctrl-C.
apt_install() (
  policy=${HOLDFAST_POLICY_RC_D:-/usr/sbin/policy-rc.d}
  if [[ ! -e $policy ]]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  status=0
  apt-get update -q && DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "$@" || status=$?
  if [[ -d /run/systemd/system ]]; then
    for package in "$@"; do
      case $package in
        etcd-server) systemctl disable --now etcd || true ;;
        redis-server | nginx | haproxy | prometheus) systemctl disable --now "$package" || true ;;
      esac
    done
  fi
  exit "$status"
)
