# shellcheck shell=bash
# The parts of an OCI image that is made from scratch, without a daemon and without a registry: a Java runtime of jlink, the
# shared libraries of this Debian that it needs, and a program's jars.
# Sourced behind common.sh, with ROOT, WORK and DIST set.

ROOTFS=$WORK/rootfs
# Nobody in particular, as a number: a kubelet can't tell of a name whether it is root.
IMAGE_USER=65532
HOME_IN_IMAGE=/opt/holdfast
# Modules that are found by name at run time, so that jdeps sees no use of them: elliptic curves of TLS, names from
# DNS, random number generators.
MORE_MODULES=jdk.crypto.ec,jdk.naming.dns,jdk.random

# begin_image TOOL...: sets BUILD, JDK, EPOCH and VERSION, and begins an empty root. The tools are needed beside those that make
# images.
begin_image() {
  [[ $(uname -m) == x86_64 ]] || die "machine: $(uname -m) (expected: x86_64)" 3
  require_image_tools "$@"
  EPOCH=$(epoch)
  VERSION=$(version)
  build_if_needed
  BUILD=$(readlink -f "$APP/current")
  find_jdk "$MIN_JAVA" || require_build_tools
  rm -rf "$WORK"
  mkdir -p "$ROOTFS" "$DIST"
}

# umoci writes the image; runc runs it in the check. Both are the reference tools of the Open Container Initiative.
require_image_tools() {
  local missing=() tool
  for tool in umoci jq "$@"; do command -v "$tool" >/dev/null || missing+=("$tool"); done
  if ((${#missing[@]})); then
    ((EUID == 0)) || die "missing: ${missing[*]} (expected: sudo apt-get install -y ${missing[*]})" 3
    note "installing ${missing[*]} ..."
    apt_install "${missing[@]}" >&2
  fi
}

# Everything has the time of the last commit, so that a second build gives the same bytes.
epoch() {
  printf '%s\n' "${SOURCE_DATE_EPOCH:-$(git -C "$ROOT" log -1 --format=%ct)}"
}

version() {
  sed -n 's/^  <version>\(.*\)<\/version>$/\1/p' "$ROOT/pom.xml" | head -n 1
}

# copy_jars MODULE: its jars and those that it needs, and their names in WORK/jars.
copy_jars() {
  local entry entries
  mkdir -p "$ROOTFS$HOME_IN_IMAGE/lib" "$ROOTFS/usr/share/doc/holdfast"
  : >"$WORK/jars"
  IFS=: read -r -a entries <"$BUILD/$1.cp"
  for entry in "${entries[@]}"; do
    cp "$entry" "$ROOTFS$HOME_IN_IMAGE/lib/"
    printf '%s\n' "${entry##*/}" >>"$WORK/jars"
  done
  cp "$ROOT/LICENSE" "$ROOTFS/usr/share/doc/holdfast/copyright"
}

# The class path of those jars in the image.
class_path() {
  local name path=""
  while IFS= read -r name; do path+=":$HOME_IN_IMAGE/lib/$name"; done <"$WORK/jars"
  printf '%s\n' "${path#:}"
}

# complete_root: what the jars need around them, and one time for all files.
complete_root() {
  system_files
  java_runtime
  native_libraries
  shared_libraries
  find "$ROOTFS" -exec touch --no-dereference --date="@$EPOCH" {} +
}

java_runtime() {
  local modules
  [[ -d $JDK/jmods ]] || die "JAVA_HOME: $JDK has no jmods (expected: a JDK with them)" 2
  modules=$("$JDK/bin/jdeps" --multi-release "$(java_major "$JDK")" --ignore-missing-deps --print-module-deps \
    "$ROOTFS$HOME_IN_IMAGE"/lib/*.jar 2>"$WORK/jdeps.log" | tail -n 1) ||
    die "jdeps failed; see $WORK/jdeps.log"
  note "a Java runtime of $modules,$MORE_MODULES"
  "$JDK/bin/jlink" --module-path "$JDK/jmods" --add-modules "$modules,$MORE_MODULES" --strip-debug --no-header-files \
    --no-man-pages --compress=0 --output "$ROOTFS$HOME_IN_IMAGE/runtime"
  # YAML's reader needs java.beans, which is in one module with all that draws and plays. Nothing does, so its native
  # libraries go, and with them those of X and fonts that they would bring.
  rm -f "$ROOTFS$HOME_IN_IMAGE"/runtime/lib/lib{awt,awt_headless,awt_xawt,fontmanager,freetype,javajpeg,jawt,jsound,lcms,mlib_image,splashscreen}.so
  # Debian's JDK has a link into /etc in their place.
  cp --remove-destination "$(readlink -f "$JDK/lib/security/cacerts")" "$ROOTFS$HOME_IN_IMAGE/runtime/lib/security/cacerts"
}

# Netty would unpack its native libraries into /tmp at each start; there they might not be executable.
native_libraries() {
  local jar name
  mkdir -p "$ROOTFS$HOME_IN_IMAGE/native"
  for jar in "$ROOTFS$HOME_IN_IMAGE"/lib/netty-*-linux-x86_64.jar; do
    while IFS= read -r name; do
      "$JDK/bin/jar" --extract --file "$jar" --dir "$WORK/unpacked" "$name" 2>/dev/null ||
        (mkdir -p "$WORK/unpacked" && cd "$WORK/unpacked" && "$JDK/bin/jar" xf "$jar" "$name")
      cp "$WORK/unpacked/$name" "$ROOTFS$HOME_IN_IMAGE/native/"
    done < <("$JDK/bin/jar" tf "$jar" | grep '^META-INF/native/.*\.so$')
  done
}

# The closure of shared libraries, by their names of the loader, and the records of their Debian packages, where scanners
# for vulnerabilities look for them.
shared_libraries() {
  local library package
  find "$ROOTFS$HOME_IN_IMAGE" -type f \( -name '*.so' -o -path '*/bin/java' \) -print0 |
    LD_LIBRARY_PATH="$ROOTFS$HOME_IN_IMAGE/runtime/lib/server:$ROOTFS$HOME_IN_IMAGE/runtime/lib" xargs -0 -n 1 ldd 2>/dev/null |
    awk '$2 == "=>" {print $3} $1 ~ /^\// && $2 != "=>" {print $1}' | grep '^/' | grep -v -e "^$ROOTFS" -e ':$' | sort -u >"$WORK/libraries"
  mkdir -p "$ROOTFS/var/lib/dpkg/status.d" "$ROOTFS/usr/share/doc"
  while IFS= read -r library; do
    mkdir -p "$ROOTFS$(dirname "$library")"
    cp -L "$library" "$ROOTFS$library"
  done <"$WORK/libraries"
  while IFS= read -r library; do
    dpkg-query --search "$library" 2>/dev/null || dpkg-query --search "/usr$library" 2>/dev/null || true
  done <"$WORK/libraries" | cut -d : -f 1 | sort -u >"$WORK/packages"
  while IFS= read -r package; do
    dpkg-query --status "$package" >"$ROOTFS/var/lib/dpkg/status.d/$package"
    mkdir -p "$ROOTFS/usr/share/doc/$package"
    cp -L "/usr/share/doc/$package/copyright" "$ROOTFS/usr/share/doc/$package/copyright"
  done <"$WORK/packages"
}

system_files() {
  mkdir -p "$ROOTFS"/{etc,proc,dev,sys,tmp} "$ROOTFS/usr/lib/locale"
  printf 'root:x:0:0:root:/:/none\nholdfast:x:%s:%s:holdfast:/:/none\n' "$IMAGE_USER" "$IMAGE_USER" >"$ROOTFS/etc/passwd"
  printf 'root:x:0:\nholdfast:x:%s:\n' "$IMAGE_USER" >"$ROOTFS/etc/group"
  printf 'hosts: files dns\n' >"$ROOTFS/etc/nsswitch.conf"
  cp -L /etc/os-release "$ROOTFS/etc/os-release"
  # Names of files in UTF-8 need a locale that has it.
  cp -rL /usr/lib/locale/C.utf8 "$ROOTFS/usr/lib/locale/"
  chmod 1777 "$ROOTFS/tmp"
}

# Opens OPEN_INPUT, which stays open as long as the script: some programs end with their standard input.
open_input() {
  [[ -z ${OPEN_INPUT:-} ]] || return 0
  mkfifo "$WORK/input"
  exec {OPEN_INPUT}<>"$WORK/input"
}

# await_text FILE TEXT: waits for a text in a file, a minute at most.
await_text() {
  local i
  for ((i = 0; i < 600; i++)); do
    if grep -q -- "$2" "$1" 2>/dev/null; then return 0; fi
    sleep 0.1
  done
  die "no $2 in $1 within a minute: $(tail -n 3 "${1%.out}.err" 2>/dev/null)"
}

# layer NAME FILE...: a layer of files of the root, all of root's and of one time.
layer() {
  local name=$1
  shift
  tar --create --file "$WORK/$name.tar" --directory "$ROOTFS" --sort=name --mtime="@$EPOCH" --format=gnu \
    --owner=0 --group=0 --numeric-owner "$@"
}

# write_image LAYOUT TITLE DESCRIPTION CONFIG...: the layers of the root, and further ones that stand in WORK/LAYER.tar for
# each name in MORE_LAYERS, as an OCI layout and as one .tar. CONFIG are further options of umoci config.
write_image() {
  local layout=$1 title=$2 description=$3 created name
  shift 3
  created=$(date --utc --date="@$EPOCH" +%Y-%m-%dT%H:%M:%SZ)
  # What changes least comes first, so that an upgrade moves the last layers only.
  layer system etc tmp proc dev sys lib lib64 usr var
  layer runtime ".$HOME_IN_IMAGE/runtime" ".$HOME_IN_IMAGE/native"
  layer program ".$HOME_IN_IMAGE/lib"
  rm -rf "$layout"
  umoci init --layout "$layout"
  umoci new --image "$layout:$VERSION"
  for name in system runtime program "${MORE_LAYERS[@]}"; do
    umoci raw add-layer --image "$layout:$VERSION" --history.created "$created" --history.created_by "$PROGRAM: $name" \
      "$WORK/$name.tar"
  done
  umoci config --image "$layout:$VERSION" --no-history --created "$created" --os linux --architecture amd64 \
    --config.user "$IMAGE_USER:$IMAGE_USER" --config.env LANG=C.UTF-8 --config.stopsignal SIGTERM --config.workingdir / \
    --config.entrypoint "$HOME_IN_IMAGE/runtime/bin/java" --config.entrypoint "@$HOME_IN_IMAGE/lib/jvm.args" \
    --config.label "org.opencontainers.image.title=$title" \
    --config.label "org.opencontainers.image.description=$description" \
    --config.label "org.opencontainers.image.version=$VERSION" \
    --config.label "org.opencontainers.image.revision=$(git -C "$ROOT" rev-parse HEAD)" \
    --config.label "org.opencontainers.image.created=$created" \
    --config.label "org.opencontainers.image.licenses=Apache-2.0" "$@"
  umoci gc --layout "$layout"
  tar --create --file "$layout.tar" --directory "$layout" --sort=name --mtime="@$EPOCH" --format=gnu --owner=0 --group=0 \
    --numeric-owner .
  note "$layout.tar: $(($(stat --format %s "$layout.tar") >> 20)) MiB, made in $SECONDS s"
}
