#!/bin/sh
# Makes .venv with everything locked in requirements/, from the registries the user's own client is set up for.
# Needs uv, or a Python with pip. Says what is missing instead of half-making it. `environment.sh release` leaves
# out what only tests need: some of it does not exist for every machine that can build.
set -eu
cd "$(dirname "$0")/.."
requirements=requirements/${1:-dev}.txt
# shellcheck source=/dev/null
. make/watched.sh

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
    find_uv() {
        python3 -m venv .venv-uv
        .venv-uv/bin/python -m pip install -q --require-hashes -r requirements/uv.txt
    }
    watched "uv, for a Python" : 0 find_uv # a newer one than there is
    uv=.venv-uv/bin/uv
fi

# A half-made environment is worse than none: start over, and mark it ready last.
rm -rf .venv
if [ -n "$uv" ]; then
    watched ".venv with uv" : 0 "$uv" venv -q --python "${python:-3.13}" .venv
else
    watched ".venv, $("$python" -V)" : 0 "$python" -m venv .venv
fi
bin=.venv/bin
[ -d "$bin" ] || bin=.venv/Scripts # Windows
install() {
    if [ -n "$uv" ]; then
        "$uv" pip install -q --python "$bin/python" "$@"
    else
        "$bin/python" -m pip install -q --disable-pip-version-check "$@"
    fi
}
# Build back ends that are programs are looked up on PATH.
PATH="$PWD/$bin:$PATH"
names() { sed -n 's/^\([A-Za-z0-9._-]*\)==.*/\1/p' requirements/build.txt "$requirements" | sort -u; }
installed() { find .venv -maxdepth 4 -path '*site-packages/*.dist-info' | wc -l | tr -d ' '; }
wanted=$(names | wc -l | tr -d ' ')
watched "build back ends" installed "$wanted" install --require-hashes -r requirements/build.txt
watched "${requirements##*/}" installed "$wanted" install --no-build-isolation --require-hashes -r "$requirements"
watched "this repository" : 0 install --no-build-isolation --no-deps -e packages/iterate -e release
touch .venv/.ready
