"""One process with two threads against two processes with one each, and XLA on against off.

What one thread a training costs (`tasks.learning.training.keras_setup`), and what XLA would: photographs a
second through MobileNetV2, forward and in training, measured side by side in one run.
"""

import subprocess
import sys
import time

BATCH, STEPS = 32, 12
WORK = f"""
import os, sys, time
threads, train, jit = int(sys.argv[1]), sys.argv[2] == "train", sys.argv[3] == "jit"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import numpy as np, tensorflow as tf, keras
tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(1)
model = keras.applications.MobileNetV2(weights=None, input_shape=(160, 160, 3), classes=10)
model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=jit)
x, y = np.random.rand({BATCH}, 160, 160, 3).astype("float32"), np.zeros({BATCH}, "int64")
act = (lambda: model.train_on_batch(x, y)) if train else (lambda: model.predict_on_batch(x))
act(); act()
began = time.perf_counter()
for _ in range({STEPS}): act()
print({BATCH} * {STEPS} / (time.perf_counter() - began))
"""


def rate(threads: int, mode: str, jit: str, *, processes: int) -> float:
    """Photographs a second of all processes together."""
    command = [sys.executable, "-c", WORK, str(threads), mode, jit]
    children = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for _ in range(processes)
    ]
    return sum(float(child.communicate()[0].split()[-1]) for child in children)


def main() -> None:
    """Print each way with its ratio to the first."""
    for mode in ("predict", "train"):
        ways = {
            "two processes of one thread": rate(1, mode, "plain", processes=2),
            "one process of two threads": rate(2, mode, "plain", processes=1),
            "two processes of one thread, XLA": rate(1, mode, "jit", processes=2),
        }
        first = next(iter(ways.values()))
        for way, found in ways.items():
            print(f"{mode:8} {way:34} {found:7.1f} photographs/s  {found / first:5.2f}")
        time.sleep(1)


if __name__ == "__main__":
    main()
