#!/bin/sh
# Makes .opencode with OpenCode 1.18.33, which `make bench` measures beside iterate; from the registry that the user's
# own npm is set up for, some 350 MB. No script of the package is run.
set -eu
cd "$(dirname "$0")/.."
[ -e .opencode/.ready ] && exit 0
rm -rf .opencode
mkdir .opencode
cd .opencode
npm install --no-audit --no-fund --ignore-scripts --loglevel=error opencode-ai@1.18.33
touch .ready
