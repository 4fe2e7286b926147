"""weights.safetensors: a small file of every element type that the engine reads, by the format's own library.

Values are written down in tests/engine/safetensors_test.cpp. bfloat16 exists in PyTorch only, so the file is
written through it.
"""

import pathlib

import torch
from safetensors.torch import save_file

FILE = pathlib.Path(__file__).resolve().parent / "weights.safetensors"


def main():
    save_file({
        "conv.weight": torch.arange(24, dtype=torch.float32).reshape(2, 3, 2, 2) / 4 - 3,
        "bn.num_batches_tracked": torch.tensor(2**40 + 7),
        "double": torch.tensor([0.1, -1e300, 3.0], dtype=torch.float64),
        "half": torch.tensor([1.0, -0.0, 65504.0, 2.0**-24, -(2.0**-14), float("inf"), 1 / 3], dtype=torch.float16),
        "brain": torch.tensor([1.0, -2.5, 3e38, 2.0**-133, float("nan")], dtype=torch.bfloat16),
        "empty": torch.zeros(0, 3),
        "name with \"quotes\" and ü": torch.ones(1),
    }, FILE, metadata={"format": "pt", "made_with": "make_safetensors.py"})
    print(f"{FILE.name}: {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
