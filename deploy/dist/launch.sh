# shellcheck shell=sh
# The start of the program: finding a Java, and the JVM's options for each command. Shared by ./holdfast of a checkout
# and bin/holdfast of a distribution. POSIX, as small images have no bash.

MIN_JAVA=17

# Sets JAVA_RELEASE to the version that a Java home's release file names; no JVM start needed. Empty when unknown.
read_java_release() {
  JAVA_RELEASE=""
  [ -r "$1/release" ] || return 0
  while IFS= read -r release_line; do
    case $release_line in JAVA_VERSION=*) JAVA_RELEASE=${release_line#*=} ;; esac
  done <"$1/release"
  JAVA_RELEASE=${JAVA_RELEASE#\"}
  JAVA_RELEASE=${JAVA_RELEASE%\"}
}

# The major version of a Java home; 0 when unknown.
java_major() {
  read_java_release "$1"
  java_version=${JAVA_RELEASE#1.}
  java_version=${java_version%%[!0-9]*}
  echo "${java_version:-0}"
}

# Prints each Java home to consider, best first.
java_homes() {
  if [ -n "${JAVA_HOME:-}" ]; then printf '%s\n' "$JAVA_HOME"; fi
  if java_path=$(command -v java); then
    java_path=$(readlink -f "$java_path")
    printf '%s\n' "${java_path%/bin/java}"
  fi
  for java_folder in /usr/lib/jvm/*; do
    if [ -d "$java_folder" ] && [ ! -L "$java_folder" ]; then printf '%s\n' "$java_folder"; fi
  done
  return 0
}

# Sets JAVA to the first Java that is new enough, and JAVA_RELEASE to its version. Fails when there is none.
find_java() {
  JAVA=""
  while IFS= read -r java_folder; do
    if [ -x "$java_folder/bin/java" ] && [ "$(java_major "$java_folder")" -ge "$MIN_JAVA" ]; then
      JAVA=$java_folder/bin/java
      read_java_release "$java_folder"
      return 0
    fi
  done <<HOMES
$(java_homes)
HOMES
  return 1
}

# The command that installs a Java on this system; empty when its package manager is not known.
java_install_command() {
  as_root="sudo "
  if [ "$(id -u)" = 0 ]; then as_root=""; fi
  if command -v apt-get >/dev/null; then
    echo "${as_root}apt-get update && ${as_root}apt-get install -y openjdk-$MIN_JAVA-jre-headless"
  elif command -v dnf >/dev/null; then
    echo "${as_root}dnf install -y java-$MIN_JAVA-openjdk-headless"
  elif command -v zypper >/dev/null; then
    echo "${as_root}zypper install -y java-$MIN_JAVA-openjdk-headless"
  elif command -v apk >/dev/null; then
    echo "${as_root}apk add openjdk$MIN_JAVA-jre-headless"
  fi
}

# find_java, or the end: says what to install.
require_java() {
  if find_java; then return 0; fi
  {
    echo "holdfast: no Java $MIN_JAVA or newer found (JAVA_HOME, PATH and /usr/lib/jvm were searched)"
    install=$(java_install_command)
    if [ -n "$install" ]; then echo "  install one with:  $install"; fi
    echo "  or set JAVA_HOME to the folder of one"
  } >&2
  exit 1
}

# archive_name HOME: the name of the class-data archive of a distribution. It changes with the distribution's folder and
# build, and with the Java found.
archive_name() {
  java_folder=${JAVA%/bin/java}
  archive_key=$({
    echo "$1"
    echo "$JAVA"
    cat "$1/lib/build" "$java_folder/release" 2>/dev/null || true
  } | cksum)
  echo "${archive_key% *}-${archive_key#* }.jsa"
}

# make_archive_later HOME FOLDER COMMAND: makes the archive beside the command, once, for the next commands. Not beside those
# that stay: they start rarely, and would share their processor with it. Any failure leaves things as they are.
make_archive_later() {
  case $3 in gateway | control | run | register | watch | lab | demo) return 0 ;; esac
  if [ ! -e "$1/lib/classes.lst" ]; then return 0; fi
  archive_parent=${2%/*}
  if [ ! -w "$archive_parent" ] && [ -e "$archive_parent" ]; then return 0; fi
  (
    umask 077
    mkdir -p "$2" || exit 0
    # A folder is made by one process only. One that was killed leaves it; after an hour another process tries again.
    if [ -n "$(find "$2" -maxdepth 1 -name making -mmin +60)" ]; then rmdir "$2/making" || exit 0; fi
    mkdir "$2/making" || exit 0
    nice "$1/libexec/holdfast-archive" "$2" || true
    rmdir "$2/making"
  ) </dev/null >/dev/null 2>&1 &
}

# exec_holdfast OPTIONS CLASSPATH ARCHIVE ARGUMENT...: becomes the JVM that runs the program. OPTIONS is the folder of the
# option files, ARCHIVE a class-data archive that need not exist.
exec_holdfast() {
  jvm_options=$1 class_path=$2 archive=$3
  shift 3
  program_command=${1:-}
  # shellcheck disable=SC2086 # HOLDFAST_JAVA_OPTS is a list of words by design
  set -- ${HOLDFAST_JAVA_OPTS:-} -cp "$class_path" dev.holdfast.cli.HoldfastCommand "$@"
  case $program_command in
    demo) set -- "@$jvm_options/demo.options" "$@" ;;
    gateway)
      case ${HOLDFAST_JAVA_OPTS:-} in
        *-Xm* | *HeapSize*) ;;
        *) set -- "@$jvm_options/gateway-heap.options" "$@" ;;
      esac
      set -- "@$jvm_options/gateway.options" "$@"
      # Chunks of buffers go back to the system when a crowd of clients has left; without this glibc keeps them in its heap.
      export MALLOC_MMAP_THRESHOLD_=1048576
      ;;
    run | register | watch | lab) ;;
    *) set -- "@$jvm_options/short.options" "$@" ;;
  esac
  # Named but missing, it would also keep the JDK's own archive away.
  if [ -r "$archive" ]; then set -- "-XX:SharedArchiveFile=$archive" "$@"; fi
  set -- "$JAVA" "@$jvm_options/common.options" "$@"
  # A process that does not push aside those whom it serves finds more to do when it is its turn: less CPU per call, and no
  # longer waits.
  if [ "$program_command" = gateway ] && chrt --batch 0 true 2>/dev/null; then
    set -- chrt --batch 0 "$@"
  fi
  exec "$@"
}
