#!/usr/bin/env python3
"""Makes the fuzzer's seeds out of real files, small.

    make_corpus.py DATA_DIR MNIST_DIR

DATA_DIR has cifar-10-batches-bin and svhn (shared/data/expand.py), MNIST_DIR the t10k files. Files
that promise more than they hold, or unpack to shapes that cost a careless reader much, have names
that begin with "hard-". What fuzzing found later is kept beside the seeds, under names that begin
with "found-".
"""
import gzip
import io
import pathlib
import shutil
import struct
import sys
import tarfile
import zlib

import numpy as np
import scipy.io
from PIL import Image
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

def idx_header(*extents):
    return b"\0\0\x08" + bytes([len(extents)]) + b"".join(n.to_bytes(4, "big") for n in extents)


write("idx", "hard-promise", idx_header(2**32 - 1, 1024, 1024) + b"abc")
write("idx", "hard-promise.gz", gzip.compress(idx_header(60000, 28, 28) + bytes(100 * 784), mtime=0))
write("idx", "hard-large-and-few.gz", gzip.compress(idx_header(1, 1024, 1024) + bytes(2**20), mtime=0))
write("idx", "hard-labels", idx_header(2**32 - 1) + bytes(3000))


def npy_header(kind, shape):
    text = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (kind, shape)
    text += " " * (117 - len(text)) + "\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode()


write("npy", "hard-promise", npy_header("<f8", (2**40,)) + bytes(100))
write("npy", "hard-images", npy_header("|u1", (2**30, 28, 28)) + bytes(3000))
write("npy", "hard-colours", npy_header("|u1", (2**30, 28, 28, 3)) + bytes(3000))
write("npy", "hard-label-at-the-end", npy_header("<i8", (1500,)) + bytes(1499 * 8) + b"\xff" * 8)

write("pickle", "hard-labels", b"\x80\2}(U\6labels](" + b"K\1" * 7000 + b"e.")
file = io.BytesIO()
scipy.io.savemat(file, {"X": mat["X"][..., :1], "y": np.ones((9000, 1), "u1")})
write("mat", "hard-labels", file.getvalue())
write("mat", "hard-promise", file.getvalue()[:3000])

file = io.BytesIO()
with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as archive:
    info = tarfile.TarInfo("data_batch_1.bin")
    info.size = 8 << 30
    archive.addfile(info)
write("tar", "hard-promise.tar", file.getvalue()[:512] + records)
for name, change in (("hard-parent.tar", {"name": "../data_batch_1.bin"}), ("hard-root.tar", {"name": "/data_batch_1.bin"}),
                     ("hard-link.tar", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}),
                     ("hard-hard-link.tar", {"type": tarfile.LNKTYPE, "linkname": "data_batch_2.bin"})):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        info = tarfile.TarInfo("data_batch_1.bin")
        for key, value in change.items():
            setattr(info, key, value)
        archive.addfile(info)
    write("tar", name, file.getvalue()[:1024])


def png(width, height, depth, colour, rows, more=b"", interlaced=0):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + chunk(b"IDAT", zlib.compress(rows, 9)) +
            chunk(b"IEND", b""))


palette = struct.pack(">I", 6) + b"PLTE" + bytes(6) + struct.pack(">I", zlib.crc32(b"PLTE" + bytes(6)))
clear = struct.pack(">I", 1) + b"tRNS" + b"\x80" + struct.pack(">I", zlib.crc32(b"tRNS\x80"))
write("png", "hard-promise.png", png(2000, 2000, 8, 2, bytes(5000)))
write("png", "hard-narrow.png", png(1, 300000, 1, 0, bytes(600000)))
write("png", "hard-flat.png", png(400000, 1, 1, 3, bytes(1 + 50000), palette + clear))
write("png", "hard-interlaced.png", png(40, 30, 8, 6, bytes(10000), interlaced=1))
write("png", "hard-sixteen.png", png(40, 30, 16, 6, bytes(30 * 321)))

baseline = (golden / "baseline.jpg").read_bytes()
frame = baseline.index(b"\xff\xc0") + 5
write("jpeg", "hard-promise.jpg", baseline[:frame] + struct.pack(">HH", 1200, 1100) + baseline[frame + 4:])
for name, size, progressive in (("hard-narrow.jpg", (1, 20000), True), ("hard-flat.jpg", (20000, 1), False)):
    file = io.BytesIO()
    Image.new("RGB", size, (9, 200, 90)).save(file, "JPEG", progressive=progressive)
    write("jpeg", name, file.getvalue())
