"""Where the program starts: the command `vwplan`, and `python -m vwplan`."""

from __future__ import annotations

from vwplan.garbage import collect_rarely


def main() -> None:
    """Run the program with the command line, and exit as it went."""
    collect_rarely()
    from vwplan.cli.main import main

    main()


if __name__ == "__main__":
    main()
