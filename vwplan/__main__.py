"""Where the program starts: the command `vwplan`, and `python -m vwplan`."""

from __future__ import annotations

import gc


def main() -> None:
    """Run the program with the command line, and exit as it went."""
    collect_rarely()
    from vwplan.cli.main import main

    main()


def collect_rarely() -> None:
    """Let garbage be collected less often: nearly all that a command makes, it needs until it ends.

    Looking through all of it again and again cost a tenth of a short command, and half of planning 20,000 machines.
    """
    gc.set_threshold(200_000, 50, 20)


if __name__ == "__main__":
    main()
