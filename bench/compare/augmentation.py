"""The row of augmentation: four drawn operations, Cutout and normalisation, by one core."""
from processes import Failed
from row import Row, Sides

NAME = "augment/randaugment/1024/one core"
LEVELS = 8.0  # of 255: torchvision interpolates and rounds otherwise than Pillow


def check_pillow(facts):
    return {"what": f"images of {facts['checked']} whose pixels differ from ours", "values": [facts["different"]],
            "agrees": facts["different"] == 0}


def check_torchvision(facts):
    return {"what": "mean difference from Pillow's pixels, of 255", "values": [facts["difference"]],
            "agrees": facts["difference"] < LEVELS}


def images_per_second(row):
    """By the processor time of one thread, as on the other side: other work matters less."""
    return row["items_per_second"] * row["real_time"] / row["cpu_time"]


def measure(context):
    with Sides(context, higher=True) as sides:
        for name, way in (("Pillow, operations alone", "pillow-operations"), ("Pillow and NumPy", "pillow")):
            sides.add(name, "augment_images.py", way, "--moonpool", context.moonpool, check=check_pillow)
            if name in sides.errors:  # it may be ours that failed, and ours is to be Pillow's to the bit
                raise Failed(f"{name}: {sides.errors[name]}")
        sides.add("torchvision v2, uint8 tensors", "augment_images.py", "torchvision", check=check_torchvision)
        result, row = sides.run_benchmark(lambda: context.bench.row(NAME, context.seconds), images_per_second,
                                          "images/s", keep=3)
        per_image = row["bytes_per_second"] / row["items_per_second"]
        result["floor"] = {"what": "copying the images on one core",
                           "share": result["ours"] * per_image / context.ceilings.copy(1024 * per_image, one_core=True)}
        return result


def rows():
    yield Row("augmentation", "RandAugment of 4, Cutout, 32 x 32 x 3, one core", measure,
              ("numpy", "PIL", "torchvision"), quick=True, devices=("cpu",))
