"""RandAugment's fourteen operations with Pillow: the oracle of kernels/augment."""

from PIL import Image, ImageEnhance, ImageOps


def affine(image, *matrix):
    return image.transform(image.size, Image.Transform.AFFINE, matrix)


# A magnitude as kernels/augment/operations.h has it.
OPERATIONS = {
    "identity": lambda image, v: image,
    "autocontrast": lambda image, v: ImageOps.autocontrast(image),
    "equalize": lambda image, v: ImageOps.equalize(image),
    "rotate": lambda image, v: image.rotate(v),
    "solarize": lambda image, v: ImageOps.solarize(image, v),
    "color": lambda image, v: ImageEnhance.Color(image).enhance(v),
    "contrast": lambda image, v: ImageEnhance.Contrast(image).enhance(v),
    "brightness": lambda image, v: ImageEnhance.Brightness(image).enhance(v),
    "sharpness": lambda image, v: ImageEnhance.Sharpness(image).enhance(v),
    "shear_x": lambda image, v: affine(image, 1, v, 0, 0, 1, 0),
    "shear_y": lambda image, v: affine(image, 1, 0, 0, v, 1, 0),
    "translate_x": lambda image, v: affine(image, 1, 0, v * image.size[0], 0, 1, 0),
    "translate_y": lambda image, v: affine(image, 1, 0, 0, 0, 1, v * image.size[1]),
    "posterize": lambda image, v: ImageOps.posterize(image, int(v)),
}

# What a magnitude is drawn from (SPEC.md section 3), and what moonpool augment takes.
DRAWN = {
    "rotate": (-30, 30), "solarize": (0, 256), "color": (0.05, 0.95), "contrast": (0.05, 0.95),
    "brightness": (0.05, 0.95), "sharpness": (0.05, 0.95), "shear_x": (-0.1, 0.1),
    "shear_y": (-0.1, 0.1), "translate_x": (-0.1, 0.1), "translate_y": (-0.1, 0.1),
    "posterize": (4, 8),
}
TAKEN = {
    "rotate": (-360, 360), "solarize": (0, 256), "color": (0, 2), "contrast": (0, 2),
    "brightness": (0, 2), "sharpness": (0, 2), "shear_x": (-1, 1), "shear_y": (-1, 1),
    "translate_x": (-1, 1), "translate_y": (-1, 1), "posterize": (1, 8),
}


def magnitudes(operation, count, random):
    """`count` of them: the ends of both ranges, zero or whole ones, right angles, random ones."""
    if operation not in DRAWN:
        return [0.0]
    low, high = DRAWN[operation]
    least, most = TAKEN[operation]
    chosen = [float(v) for v in (low, high, least, most)] + ([0.0] if least <= 0 else [])
    if operation == "rotate":
        chosen += [90.0, 180.0, 270.0, -90.0, -180.0, 45.0, 60.0]
    if operation == "solarize":
        chosen += [128.0, 255.0, 255.5]
    if operation.startswith("translate"):
        chosen += [1 / 32, -1 / 32, 0.5 / 32, -0.5 / 32, 2 / 32]
    if operation == "posterize":
        chosen += [5.0, 6.0, 7.0]
    chosen = list(dict.fromkeys(chosen))
    while len(chosen) < count:
        wide = len(chosen) % 3 == 0
        chosen.append(random.uniform(least, most) if wide else random.uniform(low, high))
    return chosen[:count]


def image_of(array):
    return Image.fromarray(array)
