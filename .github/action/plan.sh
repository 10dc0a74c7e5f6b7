#!/usr/bin/env bash
#
# Says what action.yml is to install: `version` is a release's tag, latest or source, and
# `go` is missing if that needs a Go that is not there.
#
# No message repeats an input: a line of it could be a command to the runner.

set -euo pipefail

fail() {
  echo "::error title=appsyncctl::$1"
  exit 2
}

release='^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$'

case $COMMAND in
smoke | doctor | none) ;;
*) fail "the input command must be smoke, doctor or none" ;;
esac

chosen=$VERSION
if [[ -z $chosen ]]; then
  chosen=source
  if [[ $ACTION_REF =~ $release ]]; then
    chosen=$ACTION_REF
  fi
fi
if [[ $chosen != latest && $chosen != source && ! $chosen =~ $release ]]; then
  fail "the input version must be a release's tag such as v1.2.3, latest or source"
fi

go=there
# Go gets the toolchain that go.mod names by itself, since 1.21.
if [[ $chosen == source && -z $(GOTOOLCHAIN=auto go env GOTOOLCHAIN 2>/dev/null) ]]; then
  go=missing
fi

echo "version: $chosen"
printf '%s\n' "version=$chosen" "go=$go" >>"$GITHUB_OUTPUT"
