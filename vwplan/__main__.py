"""Where the program starts: the command `vwplan`, and `python -m vwplan`."""

from __future__ import annotations

import signal
import sys

from vwplan.garbage import collect_rarely


def main() -> None:
    """Run the program with the command line, and exit as it went."""
    # While the program is still being read, Ctrl-C ends it without a word: nothing is to be tidied up.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    collect_rarely()
    from vwplan.cli.main import main

    try:
        main()
    except KeyboardInterrupt:  # While the program was telling something else; that it was interrupted, it has said.
        sys.exit(130)


if __name__ == "__main__":
    main()
