#!/usr/bin/env bash
#
# Runs the command of action.yml. Its exit code is the step's; `verdict`, `exit-code` and
# `junit` say what came of it, also after a failure.

set -euo pipefail

scratch=$(mktemp -d "${RUNNER_TEMP//\\//}/appsyncctl.XXXXXX") # with / on Windows too

# hide makes the runner hide a secret in the log, which is searched line by line. It knows
# the workflow's own secrets, but not what an earlier step has read from elsewhere.
hide() {
  local line
  while IFS= read -r line || [[ -n $line ]]; do
    line=${line%$'\r'}
    if ((${#line} >= 4)); then
      printf '::add-mask::%s\n' "${line//'%'/%25}"
    fi
  done < <(printf %s "$1") # and not from a here-document, which may be a file
}
for secret in "$CLIENT_KEY" "${APPSYNCCTL_CLIENT_SECRET-}" "${APPSYNCCTL_TOKEN-}" "${APPSYNCCTL_PASSPHRASE-}" "${APPSYNCCTL_API_KEY-}"; do
  hide "$secret"
done
unset secret

# The key has no variable of its own: the program reads it from a file, which is there
# as long as the program runs.
key=$scratch/key.pem
trap 'rm -f "$key"' EXIT
if [[ -n $CLIENT_KEY ]]; then
  (umask 077 && printf '%s\n' "$CLIENT_KEY" >"$key")
  export APPSYNCCTL_CLIENT_KEY_FILE=$key
fi
unset CLIENT_KEY

arguments=("$COMMAND" --no-input)
if [[ $COMMAND == smoke ]]; then
  junit=${JUNIT:-$scratch/junit.xml}
  if [[ $junit == *[[:cntrl:]]* ]]; then
    echo "::error title=appsyncctl::the input junit is no name of a file"
    exit 2
  fi
  if [[ ! $junit =~ ^(/|\\|[A-Za-z]:) ]]; then
    junit=$(pwd -W 2>/dev/null || pwd)/$junit # with -W as Windows has it
  fi
  mkdir -p "$(dirname "$junit")"
  arguments+=("--junit=$junit")
  echo "junit=$junit" >>"$GITHUB_OUTPUT"
fi
# read takes words apart and expands nothing; it ends at the end, which is no error.
read -r -d '' -a words <<<"$ARGS" || true
if ((${#words[@]} > 0)); then
  arguments+=("${words[@]}")
fi

# In the background, since a shell that waits for a program in the foreground keeps the
# signal of a cancelled job to itself, and smoke would leave its customers behind. Each is
# passed on as what it is: the runner sends INT and soon after TERM, and the program lets
# only the same one again cut its cleaning up short.
"$PROGRAM" "${arguments[@]}" &
child=$!
trap 'kill -INT "$child" 2>/dev/null || true' INT
trap 'kill -TERM "$child" 2>/dev/null || true' TERM
trap 'kill -HUP "$child" 2>/dev/null || true' HUP
while true; do
  code=0
  wait "$child" || code=$?
  kill -0 "$child" 2>/dev/null || break # else a signal has ended the wait
done

verdict=passed
if ((code != 0)); then
  verdict=failed
fi
printf '%s\n' "verdict=$verdict" "exit-code=$code" >>"$GITHUB_OUTPUT"
exit "$code"
