"""Writes a golden file: compact JSON, a line per top-level key, floats that read back bit for bit.

float32 values take nine significant digits and float64 values seventeen, which is what it takes to
read the same bits back. Python floats count as float64. A value that is not finite is an error:
JSON has no name for it.
"""

import json
import pathlib
import platform

import numpy as np
import scipy
import sklearn
import torch

SIZE_LIMIT = 300_000  # bytes; these files live in the repository


def _number(value):
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if not np.isfinite(value):
        raise ValueError(f"a golden value is {value}")
    text = "%.9g" % value if isinstance(value, np.float32) else "%.17g" % value
    return "-0.0" if text == "-0" else text  # "-0" would be read as an integer and lose its sign


def _encode(value):
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return _number(value[()])
        return "[" + ",".join(_encode(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{_encode(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_encode(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value)
    return _number(value)


def made_with(script):
    """The versions behind a golden file."""
    return {
        "script": pathlib.Path(script).name,
        "python": platform.python_version(),
        "torch": torch.__version__.split("+")[0],
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
    }


def write_golden(script, name, content):
    """Writes `content` to `name` beside `script`; its first key says how it was made."""
    content = {"made_with": made_with(script), **content}
    lines = [f"{json.dumps(key)}:{_encode(value)}" for key, value in content.items()]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    if len(text) > SIZE_LIMIT:
        raise ValueError(f"{name}: {len(text)} bytes, the limit is {SIZE_LIMIT}")
    json.loads(text)
    path = pathlib.Path(script).resolve().parent / name
    path.write_text(text)
    print(f"{name}: {len(text)} bytes")
