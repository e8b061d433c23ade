# shellcheck shell=bash
# The Debian package, made with debhelper of the staged distribution. Sourced by scripts/package.
# shellcheck disable=SC2153 # which sets the names in capitals

require_deb_tools() {
  local sudo="sudo " wanted=()
  ((EUID == 0)) && sudo=""
  command -v dpkg-buildpackage >/dev/null || wanted+=(dpkg-dev)
  command -v dh >/dev/null || wanted+=(debhelper)
  ((${#wanted[@]} == 0)) || die "a Debian package needs: ${wanted[*]}
  install with:  ${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends ${wanted[*]}"
}

# The version in Debian's words: one before its release sorts before it.
debian_version() {
  local version=${VERSION,,}
  echo "${version/-/\~}"
}

# stage_root ROOT: the files of the distribution where Debian has them.
stage_root() {
  local root=$1 share=$1/usr/share from=$DIST/$NAME
  mkdir -p "$root/usr/bin" "$share/holdfast" "$share/zsh/vendor-completions" "$share/doc/holdfast/examples"
  cp -a "$from/bin" "$from/lib" "$from/libexec" "$share/holdfast/"
  ln -s ../share/holdfast/bin/holdfast "$root/usr/bin/holdfast"
  ln -s /var/cache/holdfast "$share/holdfast/archive"
  cp -a "$from/share/man" "$from/share/bash-completion" "$from/share/fish" "$share/"
  cp -a "$from/share/zsh/site-functions/_holdfast" "$share/zsh/vendor-completions/"
  cp -a "$from/share/doc/holdfast/THIRD-PARTY" "$share/doc/holdfast/"
  cp "$ROOT/deploy/deb/gateway.yaml" "$ROOT/deploy/deb/environment" "$share/doc/holdfast/examples/"
}

make_deb() {
  local version work
  version=$(debian_version)
  work=$DIST/.deb/holdfast
  rm -rf "$DIST/.deb"
  mkdir -p "$work"
  stage_root "$work/root"
  cp -a "$ROOT/deploy/deb/debian" "$work/debian"
  cp "$ROOT/deploy/systemd/holdfast-gateway.service" "$work/debian/holdfast.holdfast-gateway.service"
  cp "$ROOT/deploy/systemd/holdfast-control.service" "$work/debian/holdfast.holdfast-control.service"
  cat >"$work/debian/changelog" <<CHANGELOG
holdfast ($version) unstable; urgency=medium

  * Holdfast $VERSION; its CHANGELOG.md has what is in it.

 -- $(sed -n 's/^Maintainer: //p' "$work/debian/control")  $(date -u -R -d "@$TIME")
CHANGELOG
  note "dpkg-buildpackage ..."
  (cd "$work" && SOURCE_DATE_EPOCH=$TIME dpkg-buildpackage --build=binary --no-sign --no-check-builddeps) \
    >"$DIST/.deb/log" 2>&1 || {
    tail -n 30 "$DIST/.deb/log" >&2
    die "dpkg-buildpackage failed; the whole log: $DIST/.deb/log"
  }
  mv "$DIST/.deb/holdfast_${version}_all.deb" "$DIST/"
  rm -rf "$DIST/.deb"
  echo "$DIST/holdfast_${version}_all.deb"
}
