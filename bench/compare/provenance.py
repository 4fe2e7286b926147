"""Where and of what a measurement was made."""
import datetime
import json
import os
import platform
import subprocess

from processes import root

PACKAGES = ("torch", "torchvision", "numpy", "scipy", "scikit-learn", "pillow", "safetensors", "threadpoolctl")
MODULES = {"scikit-learn": "sklearn", "pillow": "PIL"}


def output(*command):
    """What a program prints; nothing if there is no such program."""
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=root).stdout.strip()
    except OSError:
        return ""


def packages(python):
    """{name: version} of those of PACKAGES that this Python has."""
    code = ("import importlib.metadata as m, json, sys\nfound = {}\nfor name in sys.argv[1:]:\n"
            "    try: found[name] = m.version(name)\n    except m.PackageNotFoundError: pass\nprint(json.dumps(found))")
    text = output(python, "-c", code, *PACKAGES)
    return json.loads(text) if text else {}


def modules(versions):
    return {MODULES.get(name, name) for name in versions}


def processor():
    try:
        lines = open("/proc/cpuinfo").read().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def describe(device, moonpool, versions, command):
    machine = processor()
    if device == "cuda":
        machine = output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader").split("\n")[0] + ", " + machine
    return {
        "machine": machine, "cores": len(os.sched_getaffinity(0)), "device": device,
        "versions": {"moonpool": output(str(moonpool), "--version"), "g++": output("g++", "-dumpfullversion"),
                     "python": platform.python_version(), **versions},
        "commit": output("git", "describe", "--always", "--dirty"), "command": command,
        "date": datetime.date.today().isoformat(),
    }


def write_json(path, result):
    """The file, or the one that was there before: nothing in between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    beside.replace(path)
