#!/bin/sh
# Makes .npm-clients with the registry (verdaccio) and the clients (pnpm, yarn classic, yarn berry, bun, mise) that
# tests/consumers run, locked with hashes in requirements/npm, from the registry that the user's own npm is set up for.
# npm itself is the machine's. `npm.sh lock` locks the newest versions that package.json allows. No script of any
# package is run.
set -eu
cd "$(dirname "$0")/.."
locked=$PWD/requirements/npm
if [ "${1:-}" = lock ]; then
    cd "$locked"
    # The lock names no registry: clients ask the one that they are set up for.
    npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund
    exit
fi
rm -rf .npm-clients
mkdir -p .npm-clients/bin
cp "$locked/package.json" "$locked/package-lock.json" .npm-clients
cd .npm-clients
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
# By names of their own: two of them are called yarn.
for client in \
    verdaccio=verdaccio/bin/verdaccio \
    pnpm=@pnpm/exe.linux-x64/pnpm \
    yarn-classic=yarn-classic/bin/yarn.js \
    yarn-berry=@yarnpkg/cli-dist/bin/yarn.js \
    bun=@oven/bun-linux-x64-baseline/bin/bun \
    mise=@jdxcode/mise-linux-x64/bin/mise; do
    program=node_modules/${client#*=}
    [ -x "$program" ] || { echo "error: ${client%%=*} is not in what npm installed" >&2; exit 69; }
    ln -s "../$program" "bin/${client%%=*}"
done
echo "setting up: .npm-clients with npm $(npm --version)"
