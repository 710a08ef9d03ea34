#!/bin/sh
# Makes .venv-pikaur with the AUR helper that tests/consumers/test_pikaur.py runs, locked in requirements/pikaur.txt.
# It has an environment of its own: pyalpm is compiled against the pacman of this machine, which not every machine has.
# Needs Debian's libalpm-dev and pkg-config, and what make/environment.sh needs.
set -eu
cd "$(dirname "$0")/.."
for candidate in "${PYTHON:-}" python3.13 python3.12 python3.14 python3 \
    "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/3.1[2-4].*/bin/python3; do
    if [ -z "$candidate" ] || ! "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; then
        continue
    fi
    rm -rf .venv-pikaur
    "$candidate" -m venv .venv-pikaur
    install=".venv-pikaur/bin/python -m pip install -q --disable-pip-version-check --require-hashes"
    $install -r requirements/build.txt
    # pyalpm's build looks for libalpm with pkgconfig, which is installed by now.
    $install --no-build-isolation -r requirements/pikaur.txt
    # It goes around argparse, and so not every Python will do (3.13.0 does not).
    words="-S --noedit --user-id=65534 --group-id=65534 --config /dev/null --print-args-and-exit"
    # shellcheck disable=SC2086  # words of a command
    if HOME=$PWD/.venv-pikaur .venv-pikaur/bin/pikaur $words >/dev/null 2>&1; then
        echo "setting up: .venv-pikaur with $("$candidate" -V)"
        exit 0
    fi
done
echo "error: no Python that runs pikaur was found" >&2
echo "hint: install Python 3.12, or the newest 3.13, with venv and pip" >&2
exit 69
