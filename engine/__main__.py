"""The command `regulars`."""

import importlib
import signal


def main() -> None:
    """Runs it. Ctrl-C while its many modules are read ends the program, as it ends one that has not begun."""
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # whoever starts us may have us not hear it
    if ours:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    commands = importlib.import_module("engine.cli")
    if ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    commands.main()


if __name__ == "__main__":
    main()
