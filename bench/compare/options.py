"""Options of the programs here."""
import argparse


class Parser(argparse.ArgumentParser):
    """A mistake in the call is one line, and status 2; `doc` is what --help says."""

    def __init__(self, prog, doc):
        super().__init__(prog=prog, description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")
