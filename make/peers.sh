#!/bin/sh
# Makes .peers with Codex and pi, whose terminal interfaces `make bench` measures beside iterate's, as it does OpenCode's
# (make/opencode.sh); from the registry that the user's own npm is set up for. No script of any package is run.
set -eu
cd "$(dirname "$0")/.."
[ -e .peers/.ready ] && exit 0
rm -rf .peers
mkdir .peers
cd .peers
npm install --no-audit --no-fund --ignore-scripts --loglevel=error @openai/codex@0.169.0 @mariozechner/pi-coding-agent@0.73.1
touch .ready
