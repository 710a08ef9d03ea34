#!/bin/sh
# install.sh of iterate 1.3.0-rc.1, channel beta
#
# Puts one version, with the digests of its archives written below, into a folder of this user and links to it.
# It needs no root, and changes nothing until what was downloaded has the right SHA-256 and starts. --help says more.
#
# `a && b || fail` ends where either fails; words for other shells stand between single quotes.
# shellcheck disable=SC2015,SC2016
set -u

# --- what is installed: rendered for one release --------------------------------------------------------------

NAME='iterate'
# The file that is the program, and the commands that it goes by; the first one leads to it, the others to the first.
EXECUTABLE='iterate'
COMMANDS='iterate'
MAIN='iterate'
VERSION='1.3.0-rc.1'
STREAM='beta'
VARIABLE='ITERATE'
HOMEPAGE='https://github.com/acme/iterate'
SITE='http://127.0.0.1:8642/site/'
NEXT='iterate'
RECEIPT_FILE='install-receipt.json'
RECEIPT='{"schema": 1, "name": "iterate", "method": "self", "channel": "beta", "stream": "beta", "version": "1.3.0-rc.1", "packages": {"brew": {"latest": "acme/tap/iterate", "dev": "acme/tap/iterate-dev"}, "scoop": {"latest": "acme/iterate", "dev": "acme/iterate-dev"}, "aur": {"latest": "iterate-bin", "dev": "iterate-dev-bin"}, "deb": {"latest": "iterate", "dev": "iterate-dev"}, "winget": {"latest": "Acme.Iterate", "dev": "Acme.Iterate.Dev"}, "npm": {"latest": "iterate", "dev": "iterate"}}, "sites": ["http://127.0.0.1:8642/site/"]}'
ROOT_FILE='update-root.json'
ROOT=''
# The processor's flags, in Linux's words, that the x64 builds need which are not called baseline.
FLAGS='abm avx avx2 bmi1 bmi2 f16c fma movbe xsave'

# Target, file, size in bytes, SHA-256, and the glibc that it needs or 0.
builds() {
    echo linux-x64 iterate-1.3.0-rc.1-linux-x64.tar.gz 35 fc4a57fa9b120560e33a6f09dde516ae48cb7b6e320391738794f54ef229b815 2.34
    echo linux-x64-baseline iterate-1.3.0-rc.1-linux-baseline-x64.tar.gz 44 c2107c8b8795450534bf2bc8a7ac4e79532412c5409ebbf98812ab09900802b1 2.34
    echo linux-arm64 iterate-1.3.0-rc.1-linux-arm64.tar.gz 37 f7e2507846ca4ee8d5c1e014d62915f4b857972bbb07a59ba8973f998d977863 2.34
    echo linux-x64-musl iterate-1.3.0-rc.1-linux-musl-x64.tar.gz 40 9a095c43770fa15c6c47379bcd686bcab77cf6e5d2b0df5422da9438a4fa2f2c 0
    echo linux-x64-baseline-musl iterate-1.3.0-rc.1-linux-baseline-musl-x64.tar.gz 49 b8663945191bc1c1080d1d448c57d9644a461ec8b8e57d76cd27e02744299771 0
    echo linux-arm64-musl iterate-1.3.0-rc.1-linux-musl-arm64.tar.gz 42 4a252b0bbf7093cfacec268cecb1be744cd47d960dbf737d58fa2f460059d383 0
    echo darwin-arm64 iterate-1.3.0-rc.1-darwin-arm64.tar.gz 38 312676fa1860cce94d6e249ba939de0eba771c5c5730db7f874e41743d048949 0
    echo darwin-x64 iterate-1.3.0-rc.1-darwin-x64.tar.gz 36 903566d2bd726373007952bd2cd43f709a044783a884421280751036fdd01b04 0
    echo darwin-x64-baseline iterate-1.3.0-rc.1-darwin-baseline-x64.tar.gz 45 0ce1d26cd4700e089867f77f3a5e7f2bb3bd4c1c8c32e7d08ce3f293acbaa021 0
    :
}

# The addresses of a file of a version, one a line: the first one, then the mirrors.
addresses() {
    tag='v'$1 version=$1 file=$2
    printf '%s\n' 'http://127.0.0.1:8642/site/'"$tag"'/'"$file"
    : "$tag" "$version" "$file"
}

# The addresses of the installer that a channel has now.
sites() {
    printf '%s\n' 'http://127.0.0.1:8642/site/'"$1"/install.sh
    : "$1"
}

# End a server that runs out of what is removed: PROGRAM.
stop_server() {
    "$1" 'server' 'stop' >/dev/null 2>&1 </dev/null 9>&-
    : "$1"
}

# --- saying ---------------------------------------------------------------------------------------------------

usage() {
    cat <<USAGE
Installs $NAME $VERSION (channel $STREAM), for this user, without root.

    sh install.sh [OPTIONS]
    curl -fsSL $SITE$STREAM/install.sh | sh -s -- [OPTIONS]

  --channel CHANNEL    follow another channel: latest, dev, snapshot-BRANCH
  --version VERSION    install this version, and stay at it
  --install-dir DIR    where the command goes; else \$${VARIABLE}_INSTALL_DIR,
                       \$XDG_BIN_DIR, or ~/.local/bin
  --no-modify-path     leave the files of your shell alone
  --uninstall          remove the commands, all versions, and the lines in files
                       of your shell
  --dry-run            say what would be done, and do nothing
  --help               this text

Beside the command, DIR/.$NAME holds the program and the version before.
\$${VARIABLE}_INSTALLER_PATIENCE   seconds that a download may stand still (20)
\$${VARIABLE}_INSTALLER_TRIES      times that each address is tried (3)

Exit codes: 2 options, 51 a program is missing here, 52 the folder may not be
written, 53 something else is there under the name, 54 another installation is
running, 55 no address answers, 56 what came is not what was released, 58 no
such version or channel, 59 the program does not start, 60 no build fits this
machine, 61 writing failed.
USAGE
}

fail() {
    code=$1
    printf '%s\n' "${BOLD}error:${PLAIN} $2" >&2
    [ -z "${3:-}" ] || printf '%s\n' "${BOLD}hint:${PLAIN} $3" >&2
    exit "$code"
}

row() { printf '  %s%-9s%s %s\n' "$DIM" "$1" "$PLAIN" "$2"; }

has() { command -v "$1" >/dev/null 2>&1; }

# A path for people.
short() {
    case ${HOME:-} in
    '' | /) printf '%s' "$1" ;;
    *) case $1 in "$HOME"/*) printf '~%s' "${1#"$HOME"}" ;; *) printf '%s' "$1" ;; esac ;;
    esac
}

megabytes() { printf '%s.%s MB' "$(($1 / 1000000))" "$(($1 / 100000 % 10))"; }

pause() { sleep "$1" 2>/dev/null || sleep 1; }

bytes_of() { printf '%s' "$(($(wc -c <"$1" 2>/dev/null || echo 0)))"; }

# --- this machine ---------------------------------------------------------------------------------------------

# A number at an offset of a file, its lowest byte first.
little() {
    value=0 scale=1
    for byte in $(od -An -v -tu1 -j "$2" -N "$3" "$1" 2>/dev/null); do
        value=$((value + byte * scale)) scale=$((scale * 256))
    done
    printf '%s' "$value"
}

# The ELF interpreter that a program names (PT_INTERP). Fails where it is no ELF file or names none.
interpreter() {
    [ "$(od -An -v -tx1 -N 4 "$1" 2>/dev/null | tr -d ' \n')" = 7f454c46 ] || return 1
    if [ "$(little "$1" 4 1)" = 2 ]; then
        at=$(little "$1" 32 8) each=$(little "$1" 54 2) count=$(little "$1" 56 2) where=8 long=32 wide=8
    else
        at=$(little "$1" 28 4) each=$(little "$1" 42 2) count=$(little "$1" 44 2) where=4 long=16 wide=4
    fi
    while [ "$count" -gt 0 ]; do
        if [ "$(little "$1" "$at" 4)" = 3 ]; then
            dd if="$1" bs=1 skip="$(little "$1" $((at + where)) $wide)" \
                count="$(little "$1" $((at + long)) $wide)" 2>/dev/null | tr -d '\000'
            return 0
        fi
        at=$((at + each)) count=$((count - 1))
    done
    return 1
}

# Where a path leads, through links.
real() {
    path=$1 left=20
    while [ "$left" -gt 0 ] && target=$(readlink "$path" 2>/dev/null); do
        case $target in /*) path=$target ;; *) path=${path%/*}/$target ;; esac
        left=$((left - 1))
    done
    printf '%s' "$path"
}

# The version in a text such as "GNU C Library (...) stable release version 2.31."
release_version() { sed -n 's/.*release version \([0-9][0-9.]*[0-9]\).*/\1/p' | head -n 1; }

# The version of glibc behind an interpreter; nothing where it cannot be found out.
glibc_version() {
    found=$("$1" --version 2>/dev/null </dev/null | release_version) # answers since 2.33
    library=$(real "$1")
    library=${library%/*}/libc.so.6
    if [ -z "$found" ] && [ -f "$library" ]; then
        found=$("$1" "$library" 2>/dev/null </dev/null | release_version)
        if [ -z "$found" ]; then # not even that runs: the newest version that it defines
            found=2.0
            # shellcheck disable=SC2013  # words without spaces
            for minor in $(grep -ao 'GLIBC_2\.[0-9]*' "$library" 2>/dev/null | sed 's/.*\.//'); do
                if [ "$minor" -gt "${found#*.}" ]; then found=2.$minor; fi
            done
            if [ "$found" = 2.0 ]; then found=; fi
        fi
    fi
    printf '%s' "$found"
}

# Whether one version with dots is at least another.
at_least() {
    ours=$1. wanted=$2.
    while [ -n "$wanted" ]; do
        one=${ours%%.*} two=${wanted%%.*}
        [ "${one:-0}" -eq "${two:-0}" ] || { [ "${one:-0}" -gt "${two:-0}" ]; return; }
        ours=${ours#*.} wanted=${wanted#*.}
    done
}

# Sets LIBC to glibc, musl or nothing, and GLIBC to its version.
detect_libc() {
    LIBC='' GLIBC=''
    for each in /bin/sh /usr/bin/env /bin/ls /bin/cat /bin/busybox; do
        loader=$(interpreter "$each") || continue
        case $loader in
        *ld-musl*) LIBC=musl ;;
        *ld-linux*) LIBC=glibc ;;
        esac
        [ -z "$LIBC" ] || break
    done
    if [ -z "$LIBC" ]; then # all of them are static: which loader is there?
        for loader in /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1; do
            if [ -e "$loader" ]; then LIBC=glibc; break; fi
        done
        if [ -z "$LIBC" ]; then for each in /lib/ld-musl-*; do [ ! -e "$each" ] || LIBC=musl; done; fi
    fi
    [ "$LIBC" != glibc ] || GLIBC=$(glibc_version "$loader")
}

# Whether the processor runs the x64 builds that are not called baseline; where unknown, no.
has_level() {
    case $SYSTEM in
    darwin) [ "$(sysctl -n hw.optional.avx2_0 2>/dev/null)" = 1 ] ;;
    linux)
        there=" $(sed -n 's/^flags[[:space:]]*:[[:space:]]*//p' /proc/cpuinfo 2>/dev/null | head -n 1) "
        for flag in $FLAGS; do
            case $there in *" $flag "*) ;; *) return 1 ;; esac
        done
        ;;
    esac
}

# Sets SYSTEM, ARCH, LIBC, GLIBC and LEVELS, and MACHINE for people.
detect() {
    kernel=$(uname -s) machine=$(uname -m)
    case $kernel in
    Linux) SYSTEM=linux ;;
    Darwin) SYSTEM=darwin ;;
    MINGW* | MSYS* | CYGWIN* | Windows*)
        fail 60 "this is Windows, and install.sh is for Linux and macOS" "in PowerShell: irm $SITE$STREAM/install.ps1 | iex"
        ;;
    *) fail 60 "there is no build for $kernel" "see $HOMEPAGE" ;;
    esac
    case $machine in
    x86_64 | amd64) ARCH=x64 ;;
    aarch64 | arm64) ARCH=arm64 ;;
    *) fail 60 "there is no build for the processor $machine" "see $HOMEPAGE" ;;
    esac
    LIBC='' GLIBC='' MACHINE=Linux
    if [ "$SYSTEM" = darwin ]; then
        MACHINE=macOS
        # A shell for x64 on a Mac with another processor: Rosetta translates it.
        if [ "$ARCH" = x64 ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then ARCH=arm64; fi
    else
        # A 64-bit kernel below 32-bit programs has no loader for ours.
        if [ "$(little /bin/sh 4 1)" = 1 ]; then
            fail 60 "the programs of this system are 32-bit" "see $HOMEPAGE"
        fi
        detect_libc
    fi
    LEVELS=$ARCH MACHINE="$MACHINE on $ARCH"
    if [ "$ARCH" = x64 ]; then
        LEVELS=x64-baseline
        if has_level; then LEVELS='x64 x64-baseline' MACHINE="$MACHINE with AVX2"; fi
    fi
    [ -z "$LIBC" ] || MACHINE="$MACHINE, $LIBC${GLIBC:+ $GLIBC}"
}

# Sets FITTING to the targets of this release that may run here, the best one first, and WHY to what is against others.
choose() {
    FITTING='' WHY=''
    case $SYSTEM,$LIBC in
    darwin,*) endings=- ;;
    linux,musl) endings=-musl ;;
    *) endings='- -musl' ;; # musl only where glibc is too old, below
    esac
    for ending in $endings; do
        if [ "$ending" = -musl ] && [ -n "$FITTING" ] && [ -n "$GLIBC" ]; then continue; fi
        for level in $LEVELS; do
            target=$SYSTEM-$level${ending%-}
            line=$(builds | grep "^$target ") || continue
            need=${line##* }
            if [ -n "$GLIBC" ] && ! at_least "$GLIBC" "$need"; then
                WHY="it needs glibc $need, and here is $GLIBC"
                continue
            fi
            FITTING="$FITTING $target"
        done
    done
    [ -n "$FITTING" ] || fail 60 "no build of $NAME $VERSION fits this machine ($MACHINE)${WHY:+: $WHY}" "see $HOMEPAGE"
}

# --- tools ----------------------------------------------------------------------------------------------------

need_tools() {
    for each in tar gzip od sed grep head tail wc tr mkfifo mktemp find sort cksum cat cp dd env ls rm rmdir mv ln mkdir \
        readlink sh sleep date uname; do
        has "$each" || fail 51 "the program '$each' is missing here" "install it, then run this again"
    done
    if has sha256sum; then
        HASHER=sha256sum
    elif has shasum; then
        HASHER=shasum
    elif has openssl; then
        HASHER=openssl
    else
        fail 51 "nothing here computes SHA-256, so what is downloaded cannot be checked" \
            "install sha256sum (coreutils), shasum or openssl, then run this again"
    fi
    if has curl; then
        LOADER=curl
    elif has wget; then
        LOADER=wget
        if wget --help 2>&1 | grep -qi busybox; then LOADER=busybox; fi
    else
        fail 51 "neither curl nor wget is here" "install one of them, then run this again"
    fi
}

sha256_of() {
    case $HASHER in
    sha256sum) sha256sum <"$1" ;;
    shasum) shasum -a 256 <"$1" ;;
    openssl) openssl dgst -sha256 -r <"$1" ;;
    esac 2>/dev/null | sed 's/[^0-9a-f].*//'
}

# --- downloads ------------------------------------------------------------------------------------------------

# The body of an address to standard output; takes the place of the shell that calls it.
load() {
    case $LOADER in
    curl)
        # What begins encrypted stays so.
        case $1 in https:*) allowed='=https' ;; *) allowed='=http,https' ;; esac
        exec curl --fail --silent --show-error --location --max-redirs 5 --connect-timeout "$PATIENCE" \
            --proto "$allowed" --proto-redir "$allowed" "$1"
        ;;
    wget) exec wget -nv -O - --tries=1 --timeout="$PATIENCE" --max-redirect=5 "$1" ;;
    # Without -T, on which Debian's busybox 1.35 crashes; the watch in `take` ends what stands still.
    busybox) exec wget -q -O - "$1" ;;
    esac
}

shown_progress() {
    [ "$TERMINAL" = 1 ] || return 0
    printf '\r  %s%-9s%s %3s %%  %s of %s ' "$DIM" loading "$PLAIN" "$(($1 / ($2 / 100 + 1)))" \
        "$(megabytes "$1")" "$(megabytes "$2")"
}

# Read an address into a file, at most so many bytes: ADDRESS FILE BYTES. Sets PROBLEM where it fails, and returns
# 1 where another try may help, 2 where it will not, 3 where it is the disk that fails.
take() {
    PROBLEM='' slow=''
    rm -f "$WORK/pipe" "$WORK/said"
    mkfifo "$WORK/pipe" || return 3
    load "$1" >"$WORK/pipe" 2>"$WORK/said" </dev/null 9>&- &
    LOADING=$!
    # Never more is read than the file may have, and one byte that shows that there is more.
    head -c "$(($3 + 1))" <"$WORK/pipe" >"$2" 2>/dev/null 9>&- &
    reading=$!
    since=$(date +%s) had=0 wait=0.05
    while kill -0 "$reading" 2>/dev/null; do
        pause "$wait"
        wait=0.2 now=$(date +%s) got=$(bytes_of "$2")
        shown_progress "$got" "$3"
        # The clock counts whole seconds, of which the first may be nearly over.
        [ $((now - since)) -gt "$PATIENCE" ] && kill -0 "$reading" 2>/dev/null || continue
        # Slower than 2 kB a second is no progress.
        if [ $((got - had)) -lt $((PATIENCE * 2000)) ]; then
            slow=1
            kill "$LOADING" "$reading" 2>/dev/null
            break
        fi
        since=$now had=$got
    done
    wait "$reading" 2>/dev/null
    wrote=$?
    got=$(bytes_of "$2")
    if [ "$got" -gt "$3" ]; then kill "$LOADING" 2>/dev/null; fi
    wait "$LOADING" 2>/dev/null
    ended=$?
    LOADING=''
    [ "$TERMINAL" != 1 ] || printf '\r%60s\r' ''
    if [ -n "$slow" ]; then
        PROBLEM="only $got bytes came, and no more in $PATIENCE seconds"
        return 1
    elif [ "$got" -gt "$3" ]; then
        PROBLEM="it sends more than $3 bytes"
        return 2
    elif [ "$wrote" -ne 0 ]; then
        return 3
    elif [ "$ended" -ne 0 ]; then
        PROBLEM=$(tail -n 1 "$WORK/said" 2>/dev/null)
        PROBLEM="${PROBLEM:-$LOADER ended with code $ended}"
        # "Later" is what these two say, and nothing else that begins with a 4 (curl, wget, busybox).
        case $PROBLEM in
        *' 408'* | *' 429'*) ;;
        *'error: 4'[0-9][0-9]* | *'ERROR 4'[0-9][0-9]* | *'HTTP/1.'?' 4'[0-9][0-9]*) return 2 ;;
        esac
        return 1
    fi
}

# Read one of several addresses into a file and hold it against its digest: FILE BYTES SHA256, addresses on standard
# input, one a line. Without a digest anything shorter will do. Sets FROM, or PROBLEMS, their code in WORST, and ABSENT
# where every address says that there is no such file.
fetch() {
    into=$1 most=$2 digest=$3 addresses=$(cat) refused='' tries=0
    FROM='' PROBLEMS='' WORST=55 ABSENT=1
    # shellcheck disable=SC2153  # set in main
    while [ "$tries" -lt "$TRIES" ]; do
        [ "$tries" = 0 ] || pause "$tries"
        tries=$((tries + 1))
        for address in $addresses; do
            case $refused in *" $address "*) continue ;; esac
            result=0
            take "$address" "$into" "$most" || result=$?
            if [ "$result" = 3 ]; then WORST=61; return 1; fi
            if [ "$result" = 0 ] && [ -n "$digest" ]; then
                if [ "$(bytes_of "$into")" != "$most" ]; then
                    PROBLEM="$(bytes_of "$into") bytes came, and $most were released" result=1
                elif [ "$(sha256_of "$into")" != "$digest" ]; then
                    PROBLEM="the SHA-256 of what came is not that of what was released" result=2 WORST=56
                fi
            fi
            [ "$result" != 2 ] || refused="$refused $address "
            if [ "$result" = 0 ]; then FROM=$address; return 0; fi
            case $PROBLEM in *'error: 404'* | *'ERROR 404'* | *'HTTP/'?*' 404'*) ;; *) ABSENT='' ;; esac
            PROBLEMS="$PROBLEMS
  $address: $PROBLEM"
        done
    done
    return 1
}

# --- another version or channel: its own installer ------------------------------------------------------------

# Run another installer with the same options: WHAT VERSION|- STREAM|-, its addresses on standard input.
hand_over() {
    what=$1 version=$2 stream=$3
    shift 3
    if ! fetch "$WORK/install.sh" 1000000 ''; then
        [ "$WORST" != 61 ] ||
            fail 61 "what was downloaded could not be written below ${TMPDIR:-/tmp}" "make room there"
        [ -z "$ABSENT" ] || fail 58 "there is no $what:$PROBLEMS" "see $HOMEPAGE"
        fail 55 "the installer of $what could not be read:$PROBLEMS" "try again, or see $HOMEPAGE"
    fi
    # Whole, of this product, and of what was asked for; anything else is a page that says something to people.
    if [ "$(tail -n 1 "$WORK/install.sh")" != "$(last_line)" ] || ! stated "NAME='$NAME'" ||
        { [ "$version" != - ] && ! stated "VERSION='$version'"; } ||
        { [ "$version" = - ] && ! stated "STREAM='$stream'"; }; then
        fail 56 "$FROM is not the installer of $what" "see $HOMEPAGE"
    fi
    [ "$stream" = - ] || stated "STREAM='$stream'" || fail 58 "$what is not of the channel $stream" "leave out --channel"
    [ "$DRY" = 1 ] || row installer "$FROM"
    handed=0
    env "${VARIABLE}_INSTALLER_HANDED=$what" sh "$WORK/install.sh" "$@" || handed=$?
    exit "$handed"
}

last_line() { printf '%s' "{ main \"\$@\"; }"; }

stated() { grep -qxF "$1" "$WORK/install.sh"; }

# --- the folder -----------------------------------------------------------------------------------------------

# Sets DIR and HOLD, the folder of versions beside the command.
find_folder() {
    eval "given=\${${VARIABLE}_INSTALL_DIR:-}"
    DIR=${DIR:-${given:-${XDG_BIN_DIR:-}}}
    if [ -z "$DIR" ]; then
        [ -n "${HOME:-}" ] || fail 2 "HOME is not set, so there is no folder for the command" "give --install-dir DIR"
        DIR=$HOME/.local/bin
    fi
    case $DIR in
    /*) ;;
    \~ | \~/*) DIR=${HOME:-}${DIR#?} ;; # as it comes out of quotes, or behind --install-dir=
    *)
        here=$(pwd 2>/dev/null)
        [ -n "$here" ] && [ -d "$here" ] || fail 2 "the folder that this runs in is gone" "give --install-dir an absolute path"
        DIR=$here/$DIR
        ;;
    esac
    while [ "$DIR" != "${DIR%/}" ]; do DIR=${DIR%/}; done
    case $DIR in
    '') fail 2 "the folder / is not for commands" "give another --install-dir" ;;
    *:* | *'
'*) fail 2 "a folder on PATH cannot hold a colon or a line end: $DIR" "give another --install-dir" ;;
    esac
    HOLD=$DIR/.$NAME
    need_own_folder
}

# With sudo and its kin HOME may still be that of who called: what root put there, that user could never upgrade.
need_own_folder() {
    caller=${SUDO_UID:-${PKEXEC_UID:-${DOAS_USER:-}}}
    [ -n "$caller" ] && [ "$(id -u 2>/dev/null)" = 0 ] || return 0
    nearest=$DIR
    while [ ! -e "$nearest" ]; do nearest=${nearest%/*} && nearest=${nearest:-/}; done
    [ -z "$(find "$nearest/." -prune ! -user 0 -user "$caller" 2>/dev/null)" ] ||
        fail 52 "$nearest belongs to the user who called sudo, and root would own what is put there" \
            "run this again without sudo"
}

# Sets CURRENT, the folder of the version that the commands lead to, and FOLDER, that of this version. What else is
# there under a name is not ours to replace. Before the lock is held, another installation or removal may be at work:
# each of these looks is right whatever that one does between two of them.
find_current() {
    CURRENT='' FOLDER=$VERSION
    for called in $COMMANDS $(earlier); do
        # First whether anything is there: a link that is put between the two looks is read by the second.
        there=''
        if is_there "$DIR/$called"; then there=1; fi
        link=$(readlink "$DIR/$called" 2>/dev/null)
        case $link in
        ".$NAME/"*)
            if [ -z "$CURRENT" ]; then
                CURRENT=${link#".$NAME/"}
                CURRENT=${CURRENT%%/*}
            fi
            ;;
        *)
            if [ -n "$there" ] && is_command "$called" && ! is_sibling "$link" && is_there "$DIR/$called"; then
                fail 53 "$DIR/$called is there already, and this installer did not put it there" \
                    "remove it with what installed it, or give another --install-dir"
            fi
            ;;
        esac
    done
    # The program's own upgrade calls a second folder of a version VERSION~1.
    [ "${CURRENT%%~*}" != "$VERSION" ] || FOLDER=$CURRENT
    # The lock is the first that our folders have, even where an installation was killed early, and the last that is
    # removed. So it is looked for when something else was seen.
    if [ -z "$CURRENT" ] && holds_something && [ ! -e "$HOLD/lock" ] && holds_something; then
        fail 53 "$HOLD is there already, and holds something else" "give another --install-dir"
    fi
}

# The commands that an installation before this one has put there.
earlier() { cat "$HOLD/commands" 2>/dev/null; }

is_command() { case " $COMMANDS " in *" $1 "*) ;; *) return 1 ;; esac }

# Whether a link leads to a command of ours beside it, which leads into our folder, or is gone. Of a run that was killed
# when the first command became another one, it may lead there through a second.
is_sibling() {
    beside=$1
    for step in 1 2; do
        [ -n "$beside" ] || return 1
        case " $COMMANDS $(earlier | tr '\n' ' ') " in *" $beside "*) ;; *) return 1 ;; esac
        is_there "$DIR/$beside" || return 0
        beside=$(readlink "$DIR/$beside" 2>/dev/null)
        case $beside in ".$NAME/"*) return 0 ;; esac
    done
    : "$step"
    return 1
}

# Whether a command is there, and leads to our folder.
is_ours() {
    link=$(readlink "$DIR/$1" 2>/dev/null)
    case $link in ".$NAME/"*) ;; *) is_sibling "$link" ;; esac
}

# Whether anything has that name, also a link that leads nowhere.
is_there() { [ -e "$1" ] || [ -L "$1" ]; }

holds_something() { is_there "$HOLD" && { [ ! -d "$HOLD" ] || [ -n "$(ls -A "$HOLD" 2>/dev/null)" ]; }; }

# One installer or upgrade at a time, of those that have flock(1) and those that have not.
lock() {
    busy="another installation or upgrade of $NAME is at work in $DIR"
    (: >>"$HOLD/lock") 2>/dev/null || fail 52 "$HOLD may not be written by this user" "give another --install-dir"
    if has flock; then # mksh passes only those descriptors on that a command names
        exec 9>>"$HOLD/lock"
        locked=0
        flock -n 8 8>&9 2>/dev/null || locked=$?
        # Any other code: it cannot lock here, and the folder below has to do.
        [ "$locked" != 1 ] || fail 54 "$busy" "wait until it has ended"
    fi
    HOLDER=''
    own "$HOLD/lock.d" || fail 54 "$busy${HOLDER:+ (process $HOLDER)}" "wait until it has ended"
    LOCKED=1
}

# Have a folder in whose file `pid` this process stands: FOLDER. Fails where another one has it, and sets HOLDER then.
#
# Whoever finds a dead process there makes the folder after-PROCESS in it its own first, in the same way, and looks again.
# So of many that find the same dead one, one takes its place; and nobody that lives loses its own to one who was slow.
own() {
    if mkdir "$1" 2>/dev/null; then sign "$1"; return; fi
    set -- "$1" "$(holder_of "$1")" nobody # these are each call's own
    [ -d "$1" ] || { mkdir "$1" 2>/dev/null && sign "$1"; return; } # it has ended meanwhile
    if is_process "$2"; then set -- "$1" "$2" "$2"; fi
    # A number lives on in another process, but no installation takes an hour.
    if [ "$3" != nobody ] && [ "$2" != $$ ] && kill -0 "$2" 2>/dev/null &&
        [ -z "$(find "$1" -prune -mmin +60 2>/dev/null)" ]; then
        HOLDER=$2
        return 1
    fi
    own "$1/after-$3" || return 1
    set -- "$1" "$2" "$1/after-$3" 1
    if [ "$(cat "$1/pid" 2>/dev/null)" = "$2" ]; then
        if [ -e "$1/pid" ]; then mv -f "$3/pid" "$1/pid"; else sign "$1"; fi && set -- "$1" "$2" "$3" 0
    fi
    rm -rf "$3"
    return "$4"
}

# Say in a folder that this process has it. Fails where another one has said so.
sign() {
    (set -C && echo $$ >"$1/pid") 2>/dev/null && return
    [ -d "$1" ] && [ ! -s "$1/pid" ] || return 1
    rm -rf "$1"
    fail 61 "$HOLD could not be written" "make room there"
}

# Who has a folder; nothing where nobody says so.
holder_of() {
    grep . "$1/pid" 2>/dev/null && return
    pause 1 # just made, or its maker was killed before it could say who it is
    cat "$1/pid" 2>/dev/null
}

is_process() {
    case $1 in '' | 0* | *[!0-9]* | ???????????*) return 1 ;; esac
}

# A name that is gone in one step, so that nobody sees half of it.
unlock() {
    LOCKED=''
    [ "$(cat "$HOLD/lock.d/pid" 2>/dev/null)" = $$ ] || return 0
    mv "$HOLD/lock.d" "$HOLD/.old-lock-$$" 2>/dev/null && rm -rf "$HOLD/.old-lock-$$"
}

# Say why nothing can be made in a folder.
full_or_foreign() {
    case $(mkdir "$1/.$NAME-$$" 2>&1) in
    *[Ss]pace* | *[Qq]uota*) fail 61 "there is no room in $1" "make some, then run this again" ;;
    esac
    fail 52 "$1 may not be written by this user" "give another --install-dir"
}

# Open DIR for this run alone, without what killed runs have left.
open_folder() {
    mkdir -p "$HOLD" 2>/dev/null && mkdir "$DIR/.$NAME-$$" 2>/dev/null && rmdir "$DIR/.$NAME-$$" ||
        full_or_foreign "$DIR"
    lock
    rm -rf "$HOLD"/.new-* "$HOLD"/.old-*
    NEW=$HOLD/.new-$$
    mkdir "$NEW" 2>/dev/null || full_or_foreign "$HOLD"
    find_current
}

cleaned() {
    [ -z "$LOADING" ] || kill "$LOADING" 2>/dev/null
    [ -z "$WORK" ] || rm -rf "$WORK"
    [ -z "$NEW" ] || rm -rf "$NEW"
    [ -z "$LOCKED" ] || unlock
    WORK='' NEW='' LOADING=''
}

quit() {
    trap - EXIT
    cleaned
    exit "$1"
}

# --- a version ------------------------------------------------------------------------------------------------

# The files of a folder that an archive brought, each with its checksum and size.
sums_of() {
    (cd "$1" && find "$NAME" ! -type d ! -name "$RECEIPT_FILE" ! -name "$ROOT_FILE" -exec cksum {} + | sort)
}

# Whether a version's folder holds all that an archive of this release brought, and its program starts.
is_whole() {
    [ -f "$1/sums" ] || return 1
    builds | grep -q " $(head -n 1 "$1/sums") " || return 1
    [ "$(sums_of "$1" 2>/dev/null)" = "$(sed 1d "$1/sums")" ] && starts "$1"
}

# Whether the program in a folder says that it is this version. Sets SAID.
starts() {
    # Every program answers so for the build that it is, whatever its own --version prints.
    _RELEASE_STAMP=1 "$1/$NAME/$NAME/$EXECUTABLE" >"$NEW/out" 2>"$NEW/err" </dev/null 9>&- &
    LOADING=$!
    left=300
    while [ "$left" -gt 0 ] && kill -0 "$LOADING" 2>/dev/null; do
        pause 0.1
        left=$((left - 1))
    done
    [ "$left" -gt 0 ] || kill -9 "$LOADING" 2>/dev/null
    wait "$LOADING" 2>/dev/null
    ended=$?
    LOADING=''
    SAID=$(head -n 3 "$NEW/err" 2>/dev/null)
    SAID=${SAID:-"it printed '$(head -c 80 "$NEW/out")'"}
    [ "$ended" -ne 126 ] || SAID="programs may not run in $DIR"
    [ "$ended" = 0 ] || return 1
    case $(tr -d ' \n' <"$NEW/out") in *"\"version\":\"$VERSION\""*) ;; *) return 1 ;; esac
}

# What belongs beside the program: who installed it, and whom it believes about upgrades. FOLDER
note() {
    beside=$1/$NAME/$NAME
    put "$RECEIPT" "$beside/$RECEIPT_FILE"
    [ -z "$ROOT" ] || put "$ROOT" "$beside/$ROOT_FILE"
}

# Write a text to a file that is whole at every moment; nothing where it is there already.
put() {
    [ "$(cat "$2" 2>/dev/null)" != "$1" ] || return 0
    printf '%s\n' "$1" >"$NEW/text" && mv -f "$NEW/text" "$2" || fail 61 "$2 could not be written" "make room there"
}

# Download, check, unpack and try a target in NEW/tree. Fails where its program does not start here.
obtain() {
    target=$1
    line=$(builds | grep "^$target ")
    # shellcheck disable=SC2086  # the words of the line
    set -- $line
    file=$2 size=$3 digest=$4
    rm -rf "$NEW/tree" "$NEW/archive"
    addresses "$VERSION" "$file" >"$WORK/addresses"
    if ! fetch "$NEW/archive" "$size" "$digest" <"$WORK/addresses"; then
        case $WORST in
        56) fail 56 "$file was not installed:$PROBLEMS" "try again later; if it stays so, tell $HOMEPAGE" ;;
        55) fail 55 "$file could not be downloaded:$PROBLEMS" "look at the network, then run this again" ;;
        esac
        fail 61 "$file could not be written to $HOLD" "make room there, then run this again"
    fi
    mkdir "$NEW/tree" && (cd "$NEW/tree" && tar -xzof ../archive 2>"$WORK/said" 9>&-) ||
        fail 61 "$file could not be unpacked in $HOLD: $(head -n 1 "$WORK/said")" "nothing was changed; mend that, then run this again"
    rm -f "$NEW/archive"
    brought=$NEW/tree/$NAME/$NAME/$ROOT_FILE
    if [ -n "$ROOT" ] && [ -f "$brought" ] && [ "$(cat "$brought")" != "$ROOT" ]; then
        # The next patch is made against what the archive brought.
        mv "$brought" "$NEW/tree/$ROOT_FILE" || fail 61 "$HOLD could not be written" "make room there, then run this again"
    fi
    { echo "$digest" && sums_of "$NEW/tree"; } >"$NEW/sums" 2>/dev/null && mv "$NEW/sums" "$NEW/tree/sums" ||
        fail 61 "$HOLD could not be written" "make room there, then run this again"
    starts "$NEW/tree"
}

# Put NEW/tree under its version. The command leads to a whole program before, after, and between any two steps.
settle() {
    there=$HOLD/$FOLDER
    if [ "$CURRENT" = "$FOLDER" ] && [ -d "$there" ]; then
        # The command leads into this folder: its files are replaced one by one, each by the same file, whole.
        (cd "$NEW/tree" && find . -type d -exec sh -c 'cd "$0" && mkdir -p "$@"' "$there" {} +) &&
            (cd "$NEW/tree" && find . ! -type d ! -path ./sums) >"$NEW/files" &&
            (cd "$NEW/tree" && while IFS= read -r each; do mv -f "$each" "$there/$each" || exit 1; done <"$NEW/files") &&
            (cd "$there" && find . ! -type d ! -path ./sums | grep -vxF -f "$NEW/files" |
                (while IFS= read -r each; do rm -f "$each"; done)) &&
            mv -f "$NEW/tree/sums" "$there/sums" || fail 61 "$there could not be repaired" "run this again"
        return
    fi
    if [ -e "$there" ]; then mv "$there" "$HOLD/.old-$$" || fail 61 "$there could not be moved" "run this again"; fi
    mv "$NEW/tree" "$there" || fail 61 "$there could not be made" "run this again"
    rm -rf "$HOLD/.old-$$"
}

# Let the commands lead to this version: one rename. The version before it is kept.
switch() {
    if [ -n "$CURRENT" ] && [ "$CURRENT" != "$FOLDER" ] && [ -d "$HOLD/$CURRENT" ]; then
        rm -f "$HOLD/previous"
        ln -s "$CURRENT" "$HOLD/previous" || fail 61 "$HOLD could not be written" "make room there"
    fi
    ln -s ".$NAME/$FOLDER/$NAME/$NAME/$EXECUTABLE" "$NEW/link" && mv -f "$NEW/link" "$DIR/$MAIN" ||
        fail 61 "$DIR/$MAIN could not be replaced" "run this again"
}

# Let every other command lead to the main one, and take away those that this version has no more.
join() {
    [ "$COMMANDS" != "$MAIN" ] || [ -e "$HOLD/commands" ] || return 0
    # Whatever is there while this works is written down: a run that was killed is finished by the next.
    # shellcheck disable=SC2086  # words
    put "$({ printf '%s\n' $COMMANDS && earlier; } | sort -u)" "$HOLD/commands"
    for called in $(earlier); do
        is_command "$called" || ! is_ours "$called" || rm -f "$DIR/$called"
    done
    for called in $COMMANDS; do
        [ "$called" != "$MAIN" ] && [ "$(readlink "$DIR/$called" 2>/dev/null)" != "$MAIN" ] || continue
        ln -s "$MAIN" "$NEW/link" && mv -f "$NEW/link" "$DIR/$called" ||
            fail 61 "$DIR/$called could not be made" "run this again"
    done
    # shellcheck disable=SC2086  # words
    put "$(printf '%s\n' $COMMANDS)" "$HOLD/commands"
}

# Remove versions that nothing leads to and that do not run.
prune() {
    kept=$(readlink "$HOLD/previous" 2>/dev/null)
    for each in "$HOLD"/*; do
        other=${each##*/}
        case $other in lock | lock.d | previous | "$FOLDER" | "${kept:-$FOLDER}") continue ;; esac
        [ -d "$each/$NAME/$NAME" ] || continue
        if [ -d /proc/self ]; then
            # shellcheck disable=SC2012  # one program for all processes
            running=$(ls -l /proc/[0-9]*/exe 2>/dev/null)
        else
            running=$(ps -A -o comm= 2>/dev/null)
        fi
        case $running in *"/.$NAME/$other/"*) ;; *) mv "$each" "$HOLD/.old-$$" && rm -rf "$HOLD/.old-$$" ;; esac
    done
}

# --- PATH -----------------------------------------------------------------------------------------------------

# The files in which this user's shell sets PATH, one a line; nothing for a shell that we do not know.
startup_files() {
    [ -n "${HOME:-}" ] || return 0
    case $USED in
    bash)
        printf '%s\n' "$HOME/.bashrc"
        # A login shell reads the first of these and no other.
        for each in .bash_profile .bash_login .profile; do
            if [ -f "$HOME/$each" ] || [ "$each" = .profile ]; then
                printf '%s\n' "$HOME/$each"
                break
            fi
        done
        ;;
    zsh) printf '%s\n' "${ZDOTDIR:-$HOME}/.zshrc" ;;
    fish) printf '%s\n' "${XDG_CONFIG_HOME:-$HOME/.config}/fish/config.fish" ;;
    sh | ash | dash | busybox | ksh | mksh | yash) printf '%s\n' "$HOME/.profile" ;;
    esac
}

quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

# DIR as it stands between double quotes, below the home of whoever reads it where it is so.
folder_words() {
    case $DIR in
    "${HOME:-/}"/*) below=${DIR#"$HOME"} && printf '$HOME' ;;
    *) below=$DIR ;;
    esac
    printf '%s' "$below" | sed 's/[\\"$`]/\\&/g'
}

# The lines for a file of a shell, between marks by which they are found again.
path_lines() {
    printf '# >>> %s >>>\n' "$NAME"
    case $1 in
    *.fish)
        words=\'$(printf '%s' "$DIR" | sed "s/[\\\\']/\\\\&/g")\'
        printf 'contains -- %s $PATH; or set -gx PATH %s $PATH\n' "$words" "$words"
        ;;
    *)
        words=$(folder_words)
        printf 'case ":$PATH:" in *":%s:"*) ;; *) export PATH="%s:$PATH" ;; esac\n' "$words" "$words"
        ;;
    esac
    printf '# <<< %s <<<\n' "$NAME"
}

# The numbers of the lines at which a file has ours: a mark, one line in our words, a mark. A mark that somebody left
# alone, or put around other lines, says nothing about what stands below it.
blocks() {
    # shellcheck disable=SC2013  # numbers
    for at in $(grep -anxF "# >>> $NAME >>>" "$1" | sed 's/:.*//'); do
        [ "$(sed -n "$((at + 2))p" "$1")" = "# <<< $NAME <<<" ] || continue
        case $(sed -n "$((at + 1))p" "$1") in 'case ":$PATH:" in '* | 'contains -- '*) echo "$at" ;; esac
    done
}

# Have these lines in a file: FILE LINES. Says whether that changed it; fails where it may not be written.
mark() {
    found=$(blocks "$1" 2>/dev/null)
    if [ -n "$found" ]; then
        there=$(for at in $found; do sed -n "$at,$((at + 2))p" "$1"; done)
        [ "$there" != "$2" ] || return 0
        rc=$(real "$1") # a link stays one
        cp -p "$rc" "$rc.$NAME-new" 2>/dev/null || return 1
        { sed "$(for at in $found; do echo "$at,$((at + 2))d"; done)" "$rc" && printf '%s\n' "$2"; } >"$rc.$NAME-new" &&
            mv -f "$rc.$NAME-new" "$rc"
        return
    fi
    mkdir -p "${1%/*}" 2>/dev/null
    lines=$2
    # A last line without its end would become one with ours.
    [ ! -s "$1" ] || [ -z "$(tail -c 1 "$1" 2>/dev/null)" ] || lines="
$lines"
    { printf '%s\n' "$lines" >>"$1"; } 2>/dev/null
}

# Have DIR on the PATH of new shells, and say how it is with this one.
make_reachable() {
    if [ -n "${GITHUB_PATH:-}" ] && [ "$MODIFY" = 1 ]; then
        if grep -qxF "$DIR" "$GITHUB_PATH" 2>/dev/null || [ "$DRY" = 1 ] ||
            { printf '%s\n' "$DIR" >>"$GITHUB_PATH"; } 2>/dev/null; then
            row PATH "the next steps of this job have $(short "$DIR")"
        else
            row attention "$GITHUB_PATH may not be written: the next steps of this job lack $(short "$DIR")"
        fi
    fi
    case :$PATH: in
    *:"$DIR":* | *:"$DIR"/:*)
        [ "$DRY" = 1 ] || for called in $COMMANDS; do
            first=$(first_on_path "$called")
            [ "$first" = "$DIR/$called" ] || row attention "another $called comes first on PATH: ${first:-none}"
        done
        [ "$DRY" = 1 ] || row 'try it' "$NEXT"
        return
        ;;
    esac
    done_to='' not_done=''
    if [ "$MODIFY" = 1 ]; then
        files=$(startup_files) spaces=$IFS
        IFS='
'
        for each in $files; do
            if [ "$DRY" = 1 ] || mark "$each" "$(path_lines "$each")"; then
                done_to="$done_to${done_to:+ and }$(short "$each")"
            else
                not_done="$not_done${not_done:+ and }$(short "$each")"
            fi
        done
        IFS=$spaces
    fi
    [ -z "$done_to" ] || row PATH "new shells have $(short "$DIR") on it: $done_to"
    [ -z "$not_done" ] || row attention "$not_done may not be written: put $(short "$DIR") on PATH there"
    [ -n "$done_to$not_done" ] || row PATH "$(short "$DIR") is not on it"
    [ "$DRY" != 1 ] || return 0
    for called in $COMMANDS; do
        first=$(first_on_path "$called")
        [ -z "$first" ] || row attention "another $called is on PATH now: $first"
    done
    case $USED in
    fish) row 'try it' "set -gx PATH $(quoted "$DIR") \$PATH; $NEXT" ;;
    *) row 'try it' "export PATH=\"$(folder_words):\$PATH\"; $NEXT" ;;
    esac
}

# The program of a name that a shell would start.
first_on_path() {
    (
        IFS=:
        set -f
        for each in $PATH; do
            each=${each:-.}
            each=${each%/}/$1
            if [ -f "$each" ] && [ -x "$each" ]; then
                printf '%s' "$each"
                break
            fi
        done
    )
}

# --- removing -------------------------------------------------------------------------------------------------

# Take away what installations have put there, and nothing else.
uninstall() {
    [ -e "$HOLD/lock" ] || fail 53 "no installation of $NAME is in $DIR" "give its --install-dir"
    printf '%s\n\n' "$BOLD$NAME$PLAIN"
    [ "$DRY" = 1 ] || lock
    ours=''
    # shellcheck disable=SC2086  # words
    for called in $({ printf '%s\n' $COMMANDS && earlier; } | sort -u); do
        if is_there "$DIR/$called" && is_ours "$called"; then ours="$ours $called"; fi
    done
    for called in $ours; do
        case $DRY,$(readlink "$DIR/$called") in 0,".$NAME/"*) stop_server "$DIR/$called" ;; esac
    done
    for called in $ours; do
        row removed "$(short "$DIR/$called")"
        [ "$DRY" = 1 ] || rm -f "$DIR/$called" || fail 52 "$DIR/$called may not be removed" "look at that folder"
    done
    row removed "$(short "$HOLD")"
    if [ "$DRY" != 1 ]; then
        LOCKED='' # goes with the folder
        mv "$HOLD" "$DIR/.old-$NAME-$$" && rm -rf "$DIR/.old-$NAME-$$" || fail 52 "$HOLD may not be removed" "look at it"
    fi
    [ "$MODIFY" = 0 ] || unmark_all
    [ "$DRY" != 1 ] || printf '\n%s\n' "Nothing was changed (--dry-run)."
}

# Take our lines about this folder out of every file of a shell that may have them.
unmark_all() {
    [ -n "${HOME:-}" ] || return 0
    for each in .bashrc .bash_profile .bash_login .profile; do unmark "$HOME/$each"; done
    unmark "${ZDOTDIR:-$HOME}/.zshrc"
    unmark "${XDG_CONFIG_HOME:-$HOME/.config}/fish/config.fish"
}

unmark() {
    [ -f "$1" ] || return 0
    lines=$(path_lines "$1") gone=''
    for at in $(blocks "$1"); do
        [ "$(sed -n "$at,$((at + 2))p" "$1")" != "$lines" ] || gone="$gone$at,$((at + 2))d;"
    done
    [ -n "$gone" ] || return 0
    row removed "its lines in $(short "$1")"
    [ "$DRY" != 1 ] || return 0
    rc=$(real "$1") # a link stays one
    cp -p "$rc" "$rc.$NAME-new" 2>/dev/null && sed "$gone" "$rc" >"$rc.$NAME-new" && mv -f "$rc.$NAME-new" "$rc" ||
        row attention "$(short "$1") may not be written: the lines stay"
}

# --- the whole ------------------------------------------------------------------------------------------------

read_options() {
    WANTED='' CHANNEL='' DIR='' MODIFY=1 DRY=0 REMOVE=0
    while [ $# -gt 0 ]; do
        option=$1 value=''
        shift
        case $option in
        --channel=* | --version=* | --install-dir=*) value=${option#*=} option=${option%%=*} ;;
        --channel | --version | --install-dir)
            [ $# -gt 0 ] || fail 2 "$option needs a value" "--help lists the options"
            value=$1
            shift
            ;;
        esac
        case $option in
        --channel) CHANNEL=$value ;;
        --version) WANTED=${value#v} ;;
        --install-dir) DIR=$value ;;
        --no-modify-path) MODIFY=0 ;;
        --uninstall) REMOVE=1 ;;
        --dry-run) DRY=1 ;;
        --help | -h) usage; exit 0 ;;
        *) fail 2 "there is no option '$option'" "--help lists the options" ;;
        esac
        case $option,$value in
        --channel, | --version, | --install-dir,) fail 2 "$option needs a value" "--help lists the options" ;;
        --channel,*[!A-Za-z0-9.-]* | --version,*[!A-Za-z0-9.+-]*)
            fail 2 "'$value' is none" "--help lists the options" ;;
        esac
    done
}

# Give over to another installer where another version or channel was asked for.
find_release() {
    if [ -n "$WANTED" ] && [ "$WANTED" != "$VERSION" ]; then
        [ -z "$handed_from" ] || fail 56 "this is the installer of $VERSION, not of $handed_from" "see $HOMEPAGE"
        addresses "$WANTED" install.sh >"$WORK/addresses"
        hand_over "version $WANTED" "$WANTED" "${CHANNEL:--}" "$@" <"$WORK/addresses"
    elif [ -n "$CHANNEL" ] && [ "$CHANNEL" != "$STREAM" ]; then
        [ -z "$WANTED" ] || fail 58 "$VERSION is of the channel $STREAM, not of $CHANNEL" "leave out --channel"
        [ -z "$handed_from" ] || fail 56 "this is the installer of $STREAM, not of $handed_from" "see $HOMEPAGE"
        sites "$CHANNEL" >"$WORK/addresses"
        hand_over "channel $CHANNEL" - "$CHANNEL" "$@" <"$WORK/addresses"
    fi
}

all_commands() {
    short "$DIR/$MAIN"
    for called in $COMMANDS; do [ "$called" = "$MAIN" ] || printf ', %s' "$called"; done
}

install_version() {
    if is_whole "$HOLD/$FOLDER"; then
        DONE='already there and whole'
    else
        DONE=installed
        [ "$CURRENT" != "$FOLDER" ] || DONE=repaired
        for TARGET in $FITTING; do
            if obtain "$TARGET"; then break; fi
            TARGET=''
        done
        [ -n "$TARGET" ] || fail 59 "the new program does not start here: $SAID" "nothing was changed; see $HOMEPAGE"
        case $TARGET,$LIBC in *musl,glibc) [ -z "$WHY" ] || row note "a build for glibc is there, but $WHY" ;; esac
        row build "$TARGET, $(megabytes "$(builds | sed -n "s/^$TARGET [^ ]* \([0-9]*\) .*/\1/p")")"
        row from "$FROM"
        row checked "SHA-256 with $HASHER, and it starts"
        note "$NEW/tree"
        settle
    fi
    note "$HOLD/$FOLDER"
    [ "$CURRENT" = "$FOLDER" ] && [ "$(readlink "$DIR/$MAIN")" = ".$NAME/$FOLDER/$NAME/$NAME/$EXECUTABLE" ] || switch
    join
    prune
    row command "$(all_commands), $DONE"
    if [ -n "$CURRENT" ] && [ "$CURRENT" != "$FOLDER" ]; then row kept "$CURRENT, beside it"; fi
}

main() {
    # zsh reads words as every other shell does.
    if [ -n "${ZSH_VERSION:-}" ]; then emulate sh; fi
    # Whatever who started this shell has set: a failure is answered here, and files are written over.
    set +e +C +f
    umask u=rwx
    BOLD='' DIM='' PLAIN='' TERMINAL=0 WORK='' NEW='' LOCKED='' LOADING=''
    USED=${SHELL:-sh} # the user's shell, not the one that runs this
    USED=${USED##*/}
    # Messages of other programs are read.
    LC_ALL=C
    export LC_ALL
    if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then
        TERMINAL=1
        [ -n "${NO_COLOR:-}" ] || { BOLD=$(printf '\033[1m') DIM=$(printf '\033[2m') PLAIN=$(printf '\033[0m'); }
    fi
    eval "PATIENCE=\${${VARIABLE}_INSTALLER_PATIENCE:-20} TRIES=\${${VARIABLE}_INSTALLER_TRIES:-3}"
    eval "handed_from=\${${VARIABLE}_INSTALLER_HANDED:-}"
    case $PATIENCE$TRIES in *[!0-9]*) fail 2 "patience and tries are whole numbers" "--help lists them" ;; esac
    [ "$PATIENCE" -gt 0 ] && [ "$TRIES" -gt 0 ] || fail 2 "patience and tries are whole numbers" "--help lists them"
    read_options "$@"
    need_tools
    trap cleaned EXIT
    trap 'quit 129' HUP
    trap 'quit 130' INT
    trap 'quit 141' PIPE
    trap 'quit 143' TERM
    WORK=$(mktemp -d) || fail 61 "no folder for temporary files could be made" "look at TMPDIR"
    if [ "$REMOVE" = 1 ]; then
        find_folder
        uninstall
        return
    fi
    find_release "$@"
    # A version that was asked for by name stays until another one is.
    [ -z "$WANTED" ] || RECEIPT="${RECEIPT%?}, \"pinned\": true}"

    detect
    choose
    find_folder
    find_current
    printf '%s\n\n' "$BOLD$NAME $VERSION$PLAIN ($STREAM)"
    row system "$MACHINE"
    if [ "$DRY" = 1 ]; then
        first=${FITTING# }
        row build "${first%% *}"
        row from "$(addresses "$VERSION" "$(builds | sed -n "s/^${first%% *} \([^ ]*\) .*/\1/p")" | head -n 1)"
        row command "$(all_commands)${CURRENT:+, which is $CURRENT now}"
        make_reachable
        printf '\n%s\n' "Nothing was changed (--dry-run)."
        return 0
    fi
    open_folder
    install_version
    make_reachable
    # Installed, whoever could not be told.
    return 0
}

{ main "$@"; }
