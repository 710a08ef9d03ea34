#!/bin/sh
# Makes .venv with everything locked in requirements/, from the registries the user's own client is set up for.
# Needs uv, or a Python with pip. Says what is missing instead of half-making it. `environment.sh release` leaves
# out what only tests need: some of it does not exist for every machine that can build.
set -eu
cd "$(dirname "$0")/.."
requirements=requirements/${1:-dev}.txt

wanted='import sys; sys.exit(not (3, 12) <= sys.version_info[:2] < (3, 15))'
python=''
for candidate in "${PYTHON:-}" python3.13 python3 python3.14 python3.12 python \
    "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/3.1[2-4].*/bin/python3; do
    # An installed name is not enough: version managers leave stand-ins that refuse to run.
    if [ -n "$candidate" ] && "$candidate" -c "$wanted" >/dev/null 2>&1; then
        python=$candidate
        break
    fi
done

uv=''
if command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; then
    uv=uv
elif [ -z "$python" ]; then
    # Only an older Python: uv, installed by its pip, knows how to find or fetch a newer one.
    if ! python3 -m pip --version >/dev/null 2>&1; then
        echo "error: no Python 3.12 to 3.14 and no uv found" >&2
        echo "hint: install Python 3.13 (with venv and pip) or uv, then run make again" >&2
        exit 69
    fi
    echo "setting up: uv, to find a Python newer than $(python3 -V)"
    python3 -m venv .venv-uv
    .venv-uv/bin/python -m pip install -q --require-hashes -r requirements/uv.txt
    uv=.venv-uv/bin/uv
fi

# A half-made environment is worse than none: start over, and mark it ready last.
rm -rf .venv
if [ -n "$uv" ]; then
    echo "setting up: .venv with uv"
    "$uv" venv -q --python "${python:-3.13}" .venv
else
    echo "setting up: .venv with pip and $("$python" -V)"
    "$python" -m venv .venv
fi
bin=.venv/bin
[ -d "$bin" ] || bin=.venv/Scripts # Windows
if [ -n "$uv" ]; then
    install="$uv pip install -q --python $bin/python"
else
    install="$bin/python -m pip install -q --disable-pip-version-check"
fi
# Build back ends that are programs are looked up on PATH.
PATH="$PWD/$bin:$PATH"
$install --require-hashes -r requirements/build.txt
$install --no-build-isolation --require-hashes -r "$requirements"
$install --no-build-isolation --no-deps -e packages/iterate -e release
touch .venv/.ready
