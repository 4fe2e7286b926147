"""The row of augmentation: four drawn operations, Cutout and normalisation, by one core."""
import json

from processes import baselines, run
from row import Row, Sides

NAME = "augment/randaugment/1024/one core"
LEVELS = 8.0  # of 255: torchvision interpolates and rounds otherwise than Pillow
CHECKED = 200


def check_pixels(context):
    """How many of some images differ from Pillow's at all, by check_augment.py."""
    code = ("import sys, json; sys.path.insert(0, sys.argv[1]); import argparse, check_augment, augment_images;"
            "c = check_augment.Checker(argparse.Namespace(moonpool=sys.argv[2], device=sys.argv[3]));"
            f"c.chains('chains', augment_images.pictures({CHECKED}), ['--n', 4, '--cutout', 16, '--seed', 1]);"
            "print(json.dumps(c.different['chains']))")
    out, _, _ = run([context.python, "-c", code, baselines, context.moonpool, context.device])
    return json.loads(out.strip().splitlines()[-1])


def measure(context):
    with Sides(context, higher=True) as sides:
        if context.python is not None:
            different = check_pixels(context)
            of_pillow = {"what": f"images of {CHECKED} whose pixels differ from ours", "values": [different],
                         "agrees": different == 0}
            sides.add("Pillow, operations alone", "augment_images.py", "pillow-operations", check=lambda _: of_pillow)
            sides.add("Pillow and NumPy", "augment_images.py", "pillow", check=lambda _: of_pillow)
            sides.add("torchvision v2, uint8 tensors", "augment_images.py", "torchvision",
                      check=lambda facts: {"what": "mean difference from Pillow's pixels, of 255",
                                           "values": [facts["difference"]], "agrees": facts["difference"] < LEVELS})
        measured = []

        def ours():
            row = context.bench.row(NAME, context.seconds)
            measured.append(row)
            # The processor time of one thread, as on the other side: other work matters less.
            return row["items_per_second"] * row["real_time"] / row["cpu_time"]

        result = sides.run(ours, "images/s", keep=3)
        result["ours_memory_mib"] = max(row["memory_mib"] for row in measured)
        per_image = measured[0]["bytes_per_second"] / measured[0]["items_per_second"]
        result["floor"] = {"what": "copying the images on one core",
                           "share": result["ours"] * per_image / context.ceilings.copy(1024 * per_image, one_core=True)}
        return result


def rows():
    yield Row("augmentation", "RandAugment of 4, Cutout, 32 x 32 x 3, one core", measure,
              ("numpy", "PIL", "torchvision"), quick=True, devices=("cpu",))
