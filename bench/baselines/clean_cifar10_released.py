#!/usr/bin/env python3
"""The authors' own code on clean CIFAR-10 with labels asked for at random, on the CPU: the peer of clean_cifar10.py.

    clean_cifar10_released.py --code CHECKOUT --data-dir DIR --seed S [--end 5000] [--threads 2] [--out F]

CHECKOUT holds github.com/savya08/Active-Learning-on-Heteroskedastic-Distributions, which is not part of this project
and is run as it is: its Strategy, network and stop rule. This script seeds it (it does not itself), reads CIFAR-10's
binary layout, and makes .cuda() do nothing. Writes a JSON line per network. Needs torch, torchvision, scikit-learn,
scipy and matplotlib.
"""
import argparse
import json
import pathlib
import random
import sys
import time

import numpy as np
import torch


def read(data_dir, names):
    files = [np.fromfile(data_dir / "cifar-10-batches-bin" / name, np.uint8).reshape(-1, 3073) for name in names]
    rows = np.concatenate(files)
    return rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).copy(), torch.tensor(rows[:, 0].astype(np.int64))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--code", type=pathlib.Path, required=True)
    parser.add_argument("--data-dir", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--end", type=int, default=5000, help="labels of the last network [5000]")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    torch.Tensor.cuda = lambda tensor, *_, **__: tensor
    torch.nn.Module.cuda = lambda module, *_, **__: module
    sys.path.insert(0, str(options.code))
    import dataset
    import resnet
    from query_strategies import RandomSampling
    from torchvision import transforms

    random.seed(options.seed)
    np.random.seed(options.seed)
    torch.manual_seed(options.seed)
    images, labels = read(options.data_dir, [f"data_batch_{i}.bin" for i in range(1, 6)])
    test_images, test_labels = read(options.data_dir, ["test_batch.bin"])
    # run.py's settings of CIFAR10, with its loaders in this process.
    normalise = transforms.Compose([transforms.ToTensor(),
                                    transforms.Normalize((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616))])
    loader = {"batch_size": 64, "num_workers": 0}
    settings = {"transform": normalise, "transformTest": normalise, "loader_tr_args": loader, "loader_te_args": loader,
                "lr": 1e-4}
    its_options = argparse.Namespace(alg="rand", model="resnet", nClasses=10, finetune=False, mode="clean", mult=0,
                                     data="CIFAR10")
    labelled = np.zeros(len(labels), dtype=bool)
    order = np.arange(len(labels))
    np.random.shuffle(order)
    labelled[order[:2000]] = True
    strategy = RandomSampling(images, labels, labelled, resnet.ResNet18(num_classes=10),
                              dataset.get_handler("CIFAR10"), settings, its_options)
    for network in (strategy.net, strategy.ema_net):
        network.to(memory_format=torch.channels_last)  # faster, the same network
    epochs = []
    train_epoch = strategy._train
    strategy._train = lambda *arguments: epochs.append(1) or train_epoch(*arguments)
    records = []
    while True:
        epochs.clear()
        started = time.time()
        accuracy = strategy.train(test_images, test_labels)
        records.append({"seed": options.seed, "labels": int(labelled.sum()), "epochs": len(epochs),
                        "accuracy": round(100 * float(accuracy), 2), "seconds": round(time.time() - started)})
        print(json.dumps(records[-1]), flush=True)
        if labelled.sum() >= options.end:
            break
        labelled[strategy.query(1000, [])] = True
        strategy.update(labelled)
    if options.out:
        options.out.write_text("".join(json.dumps(record) + "\n" for record in records))


main()
