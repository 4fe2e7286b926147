#!/usr/bin/env python3
"""Makes the fuzzer's seeds out of real files, small.

    make_corpus.py DATA_DIR MNIST_DIR

DATA_DIR has cifar-10-batches-bin and svhn (shared/data/expand.py), MNIST_DIR the t10k files. What
fuzzing found later is kept beside the seeds, under names that begin with "found-".
"""
import gzip
import io
import pathlib
import shutil
import sys
import tarfile

import numpy as np
import scipy.io
from safetensors.numpy import save

here = pathlib.Path(__file__).resolve().parent
corpus = here / "corpus"
golden = here.parent / "golden" / "data"
data_dir, mnist_dir = map(pathlib.Path, sys.argv[1:3])


def write(kind, name, data):
    (corpus / kind).mkdir(parents=True, exist_ok=True)
    (corpus / kind / name).write_bytes(data)


records = (data_dir / "cifar-10-batches-bin" / "test_batch.bin").read_bytes()[:2 * 3073]
write("cifar", "two-records", records)

images = gzip.decompress((mnist_dir / "t10k-images-idx3-ubyte.gz").read_bytes())
labels = gzip.decompress((mnist_dir / "t10k-labels-idx1-ubyte.gz").read_bytes())
few_images = images[:4] + (3).to_bytes(4, "big") + images[8:16 + 3 * 784]
few_labels = labels[:4] + (20).to_bytes(4, "big") + labels[8:8 + 20]
for name, data in (("images", few_images), ("labels", few_labels)):
    write("idx", name, data)
    write("idx", name + ".gz", gzip.compress(data, mtime=0))

mat = scipy.io.loadmat(data_dir / "svhn" / "train_32x32.mat")
for name, compress in (("compressed", True), ("plain", False)):
    file = io.BytesIO()
    scipy.io.savemat(file, {"X": mat["X"][..., :2], "y": mat["y"][:2]}, do_compression=compress)
    write("mat", name, file.getvalue())
shutil.copy(golden / "doubles.mat", corpus / "mat" / "doubles")

for name, array in (("bytes", mat["X"][:8, :8, :, 0][None]), ("grey", np.arange(12, dtype="u1").reshape(1, 3, 4)),
                    ("labels", np.arange(5)), ("floats", np.linspace(0, 1, 6, dtype="f4").reshape(2, 3))):
    file = io.BytesIO()
    np.save(file, np.ascontiguousarray(array))
    write("npy", name, file.getvalue())

for mode, name in (("w:gz", "cifar.tar.gz"), ("w", "cifar.tar")):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for member in ["data_batch_1.bin", "batches.meta.txt", "data_batch_3.bin", "data_batch_4.bin",
                       "test_batch.bin", "data_batch_5.bin", "data_batch_2.bin"]:
            content = records[:3073]
            if member.endswith(".txt"):
                content = b"\n".join(b"%d" % i for i in range(10)) + b"\n"
            info = tarfile.TarInfo("cifar-10-batches-bin/" + member)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    if mode == "w:gz":  # the plain one is large, and tells a fuzzer the same
        write("tar", name, file.getvalue())
    else:
        write("tar", name, file.getvalue()[:8192])

for name in ("rgb.png", "grey.png", "bits.png", "palette.png", "alpha.png"):
    write("png", name, (golden / name).read_bytes())
for name in ("baseline.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg"):
    write("jpeg", name, (golden / name).read_bytes())

weights = (golden.parent / "weights.safetensors").read_bytes()
write("safetensors", "types", weights)
write("safetensors", "arrays", save({"bn1.num_batches_tracked": np.array(3),
                                     "linear.weight": np.ones((3, 2), "f4"), "linear.bias": np.zeros(3, "f4")}))
