#!/usr/bin/env bash
#
# Installs the version that plan.sh has chosen, puts it on the PATH of the steps to come
# and says where it is: `program`.
#
# A release's archive is unpacked only if it has the checksum that the release names.
# APPSYNCCTL_ACTION_RELEASES leads to a mirror of the releases; it is https, but for a
# server on this machine.

set -euo pipefail

fail() {
  echo "::error title=appsyncctl::$1"
  exit 1
}

suffix=tar.gz exe=
case $RUNNER_OS in
Linux) os=linux ;;
macOS) os=darwin ;;
Windows) os=windows suffix=zip exe=.exe ;;
*) fail "there is no release for this operating system" ;;
esac

folder=$(mktemp -d "${RUNNER_TEMP//\\//}/appsyncctl.XXXXXX") # with / on Windows too
program=$folder/appsyncctl$exe

build() {
  # A job's settings for its own builds are none of ours.
  env -u GOOS -u GOARCH GOFLAGS= GOWORK=off GOTOOLCHAIN=auto CGO_ENABLED=0 \
    go -C "$GITHUB_ACTION_PATH" build -buildvcs=false -ldflags='-s -w' -o "$program" ./cmd/appsyncctl
}

releases=${APPSYNCCTL_ACTION_RELEASES:-https://github.com/appsyncctl/appsyncctl/releases}
loopback='^http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?(/|$)'

request() {
  local protocol='=https'
  if [[ $releases =~ $loopback ]]; then
    protocol='=http'
  fi
  curl --fail --silent --show-error --proto "$protocol" --proto-redir "$protocol" \
    --retry 3 --connect-timeout 20 --max-time 300 "$@"
}

sha256() {
  if command -v sha256sum >/dev/null; then
    sha256sum <"$1"
  else
    shasum -a 256 <"$1"
  fi | cut -d ' ' -f 1
}

release() {
  local tag=$VERSION arch archive want
  if [[ $tag == latest ]]; then
    tag=$(request --output /dev/null --write-out '%{redirect_url}' "$releases/latest")
    tag=${tag##*/}
  fi
  if [[ ! $tag =~ ^v[0-9A-Za-z.-]+$ ]]; then
    fail "there is no release yet"
  fi
  case $RUNNER_ARCH in
  X64) arch=amd64 ;;
  ARM64) arch=arm64 ;;
  *) fail "there is no release for this architecture: use version: source" ;;
  esac
  archive=appsyncctl_${tag#v}_${os}_$arch.$suffix
  request --location --output "$folder/checksums.txt" "$releases/download/$tag/checksums.txt"
  want=$(awk -v name="$archive" '$2 == name { print $1 }' "$folder/checksums.txt")
  if [[ ! $want =~ ^[0-9a-f]{64}$ ]]; then
    fail "the release's checksums.txt has no checksum of $archive"
  fi
  request --location --output "$folder/$archive" "$releases/download/$tag/$archive"
  if [[ $(sha256 "$folder/$archive") != "$want" ]]; then
    rm -rf "$folder"
    fail "$archive has not the checksum that the release names"
  fi
  if [[ $suffix == zip ]]; then
    unzip -q "$folder/$archive" "appsyncctl$exe" -d "$folder"
  else
    tar -xzf "$folder/$archive" -C "$folder" "appsyncctl$exe"
  fi
  rm "$folder/$archive" "$folder/checksums.txt"
}

if [[ $VERSION == source ]]; then
  build
else
  release
fi

"$program" version
echo "$folder" >>"$GITHUB_PATH"
echo "program=$program" >>"$GITHUB_OUTPUT"
