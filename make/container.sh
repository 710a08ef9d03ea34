#!/bin/sh
# Runs the release tool inside a fresh container, from the mounted checkout: `container.sh build --target T ...`.
# Alpine builds for musl; AlmaLinux 8 builds for glibc 2.28 and later. GitHub cannot run its own steps in Alpine on
# ARM, so the container is started by one step instead.
set -eu
cd "$(dirname "$0")/.."

if command -v apk >/dev/null; then
    apk add --quiet --no-progress bash binutils gcc git linux-headers make musl-dev patchelf py3-pip python3 python3-dev
else
    # Its own compiler is too old to know x86-64-v3. Its Python comes with libpython as a shared library, which the
    # compiled program needs; the Pythons of the manylinux images come without.
    dnf install --quiet --assumeyes gcc-toolset-13-binutils gcc-toolset-13-gcc git make \
        python3.12 python3.12-devel python3.12-pip
    toolset=/opt/rh/gcc-toolset-13/root
    PATH=$toolset/usr/bin:$PATH
    PYTHON=python3.12
    export PATH PYTHON
fi
# The checkout belongs to the user outside, we are root.
git config --global --add safe.directory "$PWD"

sh make/environment.sh release
.venv/bin/release "$@"
