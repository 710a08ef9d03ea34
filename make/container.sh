#!/bin/sh
# Runs the release tool inside a fresh Alpine container, from the mounted checkout: `container.sh build --target T ...`.
# GitHub cannot run its own steps in such a container on ARM, so the container is started by one step instead.
set -eu
cd "$(dirname "$0")/.."

apk add --quiet --no-progress bash binutils gcc git linux-headers make musl-dev patchelf py3-pip python3 python3-dev
# The checkout belongs to the user outside, we are root.
git config --global --add safe.directory "$PWD"

sh make/environment.sh release
.venv/bin/release "$@"
