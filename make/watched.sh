# shellcheck shell=sh
# Sourced: `watched SUBJECT COUNT TOTAL COMMAND...` runs a command that says nothing for long, and says meanwhile that it
# still goes on: on a terminal in a line that moves, elsewhere every 4 seconds. COUNT is a command that prints how far it
# is, or `:` when nobody knows. The command's own words are shown when it fails, and its code is the script's.

watched_live=''
if [ -t 2 ] && [ "${CI:-}" = '' ] && [ "${TERM:-dumb}" != dumb ]; then watched_live=1; fi
watched_colour='' watched_green='' watched_red='' watched_plain=''
if [ -n "$watched_live" ] && [ -z "${NO_COLOR:-}" ]; then
    watched_green=$(printf '\033[32m') watched_red=$(printf '\033[1;31m') watched_plain=$(printf '\033[0m')
fi
watched_every=4 # seconds between two lines where none can move

watched_clear() { [ -z "$watched_live" ] || printf '\r\033[K' >&2; }

# The time as the release tool shows it: while it goes on, and when it is over.
watched_clock() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }
watched_took() { if [ "$1" -lt 60 ]; then printf '%d s' "$1"; else watched_clock "$1"; fi; }

watched_line() { # mark, subject, detail, time; the mark in colour only where it is over
    printf ' %s%s%s  set up    %-20.20s %-36.36s %6s\n' "$watched_colour" "$1" "$watched_plain" "$2" "$3" "$4" >&2
}

watched_now() { # seconds
    watched_far=$($watched_count 2>/dev/null || true)
    [ -z "$watched_far" ] || watched_far="$watched_far of $watched_total packages"
    if [ -n "$watched_live" ]; then
        # The cursor waits at its start: what a terminal echoes for Ctrl-C goes with it.
        printf '\r ..  set up    %-20.20s %-36.36s %6s\033[K\r' "$watched_subject" "$watched_far" \
            "$(watched_clock "$1")" >&2
    elif [ $(($1 - watched_said)) -ge "$watched_every" ]; then
        watched_said=$1
        watched_colour='' watched_plain='' watched_line '..' "$watched_subject" "$watched_far" "$(watched_clock "$1")"
    fi
}

watched_cancel() {
    kill "$watched_child" 2>/dev/null || true
    wait "$watched_child" 2>/dev/null || true
    rm -f "$watched_log"
    watched_clear
    echo cancelled >&2
    exit 130
}

watched() {
    watched_subject=$1 watched_count=$2 watched_total=$3 watched_said=0
    shift 3
    watched_log=$(mktemp)
    watched_begun=$(date +%s)
    # In a group of its own shell it would not hear Ctrl-C: we do, and end it.
    "$@" >"$watched_log" 2>&1 &
    watched_child=$!
    trap watched_cancel INT TERM HUP
    while kill -0 "$watched_child" 2>/dev/null; do
        watched_now $(($(date +%s) - watched_begun))
        sleep 1
    done
    watched_code=0
    wait "$watched_child" || watched_code=$?
    trap - INT TERM HUP
    watched_clear
    watched_end=$(watched_took $(($(date +%s) - watched_begun)))
    if [ "$watched_code" -ne 0 ]; then
        watched_colour=$watched_red watched_line '!!' "$watched_subject" failed "$watched_end"
        cat "$watched_log" >&2
        rm -f "$watched_log"
        printf 'error: %s ended with code %s\nhint: its own words are above\n' "$1" "$watched_code" >&2
        exit "$watched_code"
    fi
    rm -f "$watched_log"
    watched_far=$($watched_count 2>/dev/null || true)
    watched_colour=$watched_green watched_line ok "$watched_subject" "${watched_far:+$watched_far packages}" \
        "$watched_end"
}
