"""The entry: answers `--version` and starts servers with few imports; `cli` has all other words."""

import sys

from iterate import interrupts


def main() -> int:
    """Run one command and return its exit code."""
    interrupts.leave_at_once()
    if sys.argv[1:] == ["--version"]:
        return _print_version()
    if sys.argv[1:2] == ["__confine"]:
        from iterate.sandbox import confine

        confine.main(sys.argv[2:])
    if sys.argv[1:2] == ["__search"]:
        # Children of the server: see tools/child.py.
        from iterate.tools.stand_in import main as search

        return search(sys.argv[2:])
    if sys.argv[1:2] == ["__markdown"]:
        from iterate.tools.markdown import main as markdown

        return markdown(sys.argv[2:])
    if sys.argv[1:2] == ["__mcp"]:
        from iterate.mcp.intake import main as speak

        return speak()
    if sys.argv[1:3] == ["serve", "--background"]:
        return _serve(sys.argv[3:])
    return _command(sys.argv[1:])


def _command(words: list[str]) -> int:
    from iterate import headstart

    headstart.begin(words)
    try:
        interrupts.watch()
        if headstart.is_conversation(words):
            import gc

            gc.disable()  # Hardly anything of a start can be thrown away; `tui.rest` switches it on.
            from iterate.tui import start

            if (code := start.main(words)) is not None:
                return code
            gc.enable()
        from iterate.cli import run

        return run(words)
    finally:
        if (begun := headstart.take()) is not None:
            # It came to nothing, such as a usage error.
            from iterate import daemon

            daemon.abandon(begun)


def _serve(words: list[str]) -> int:
    import gc

    # Nothing that is imported can be thrown away.
    gc.disable()
    from iterate import background

    return background.serve(int(words[0]))


def _print_version() -> int:
    from iterate._stamp import VERSION

    if sys.stdout is not None:
        try:
            print(VERSION, flush=True)
        except BrokenPipeError:
            # Nobody reads us. Without an output, Python has nothing to flush and complain about at exit.
            sys.stdout = None
            return 141  # errors.OutputClosed, which costs an import
        except OSError:
            pass  # Said below, with the words of every other command.
        else:
            return 0
    from iterate.cli import show_version

    return show_version()


if __name__ == "__main__":
    sys.exit(main())
