"""Optimizers under JAX, which keeps no state in variables; in a process of its own, if it is installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.backends.test_trainings import installed

ROOT = Path(__file__).parents[3]
CHILD = """
import jax
import numpy as np
from tests.learning.references import Adam, Lookahead, Sgd, constant, course, optimizer_of, state, variables
from tests.learning.training.test_lazy import ROWS, gradients, lazily

def walk(optimizer, start, gradients):
    (learned,) = variables(embeddings=start)
    optimizer.build([learned])
    values, slots, found = [learned.value], [each.value for each in optimizer.variables], []
    for gradient in gradients:
        given = [np.array(gradient, np.float32)]
        values, slots = jax.jit(optimizer.stateless_apply)(slots, given, values)
        found.append(np.array(values[0]))
    for variable, value in zip(optimizer.variables, slots, strict=True):
        variable.assign(value)
    return np.array(found)

around = {"accumulate": 2, "lookahead_steps": 2}
optimizer = optimizer_of(constant(optimizer="sgd", **around), ema=0.75)
found = walk(optimizer, ROWS, [gradient for gradient in gradients() for _ in range(2)])
expected = course(Lookahead(Sgd(ROWS), steps=2, share=0.5), gradients())
np.testing.assert_allclose(found[1::2], expected, atol=1e-6, rtol=1e-6)
average = expected[0]
for value in expected[1:]:
    average = 0.75 * average + 0.25 * value
np.testing.assert_allclose(state(optimizer, "average"), average, atol=1e-6, rtol=1e-6)

for name, rule in (("adamw", Adam(ROWS, rate=0.005, decay=0.5)), ("sgd", Sgd(ROWS, rate=0.005, decay=0.5))):
    optimizer = optimizer_of(constant(optimizer=name, weight_decay=0.5, lazy_embeddings=True), embeddings=0.5)
    expected = np.array([lazily(rule, gradient) for gradient in gradients()])
    found = walk(optimizer, ROWS, gradients())
    np.testing.assert_allclose(found, expected, atol=1e-6, rtol=1e-6)
"""


@pytest.mark.slow
@installed("jax")
def test_optimizers_follow_their_formulas_under_jax():
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    command = [sys.executable, "-c", CHILD]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
