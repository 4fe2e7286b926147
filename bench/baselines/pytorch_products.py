#!/usr/bin/env python3
"""Operations a second of PyTorch's product of two matrices of 2,048 x 2,048, by precision: a line of JSON.

    pytorch_products.py [--device cpu] [--seconds 0.5]
"""
import argparse
import json
import os

import torch

from serve import seconds_per_call

SIDE = 2048


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--seconds", type=float, default=0.5)
    args = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    types = {"fp32": torch.float32, "bf16": torch.bfloat16}
    if args.device == "cuda":
        types["tf32"] = torch.float32
    rates = {}
    for precision, dtype in types.items():
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        a, b = (torch.rand(SIDE, SIDE, device=args.device).to(dtype) for _ in range(2))
        out = torch.empty_like(a)

        def run():
            torch.mm(a, b, out=out)
            if args.device == "cuda":
                torch.cuda.synchronize()

        run()
        rates[precision] = 2 * SIDE**3 / seconds_per_call(run, args.seconds)
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
