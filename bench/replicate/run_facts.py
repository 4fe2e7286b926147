"""What the results of runs say of where and by what they were made."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compare"))
from options import Parser  # noqa: E402
from provenance import describe, write_json  # noqa: E402

__all__ = ("facts", "parser", "write_json")


def parser(name, doc):
    """One that asks for all of it, and for the file to write."""
    made = Parser(name, doc)
    made.add_argument("--command", required=True, help="that made the runs")
    made.add_argument("--commit", required=True, help="of the program that made them")
    made.add_argument("--date", required=True, help="of the runs")
    made.add_argument("--moonpool", required=True, type=pathlib.Path, help="of the same build")
    made.add_argument("--out", required=True, type=pathlib.Path)
    return made


def facts(args):
    return {**describe("cpu", args.moonpool.resolve(), {}, args.command), "commit": args.commit, "date": args.date}
