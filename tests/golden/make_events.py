"""events.tfevents: a file of scalars as TensorBoard's own writer makes it.

What: the bytes that active/report/event_file has to write for the scalars below; and that
TensorBoard's reader gives these scalars back.
Why: framing, masked CRC-32C and protocol buffers are written by hand in C++.
Versions: tensorboard 2.21.0.
"""

import pathlib

from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

SCALARS = [
    ("accuracy/test", 200, 0.25),
    ("accuracy/test", 250, 1.0),
    ("loss/train", 0, 1e-30),
    ("a tag of more than one hundred and twenty-seven bytes " + "x" * 100, 3_000_000_000, -0.5),
    ("clean_share", 10000, 0.0),
]


def main():
    path = pathlib.Path(__file__).parent / "events.tfevents"
    with path.open("wb") as file:
        writer = RecordWriter(file)
        writer.write(event_pb2.Event(file_version="brain.Event:2").SerializeToString())
        for tag, step, value in SCALARS:
            summary = summary_pb2.Summary()
            summary.value.add(tag=tag, simple_value=value)
            writer.write(event_pb2.Event(step=step, summary=summary).SerializeToString())
        writer.flush()
    read = [event for event in EventFileLoader(str(path)).Load() if event.summary.value]
    assert [(e.summary.value[0].tag, e.step) for e in read] == [s[:2] for s in SCALARS]
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
