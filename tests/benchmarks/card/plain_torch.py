"""The same networks in timm and Hugging Face's transformers, eager and compiled by PyTorch, on one batch."""

import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from tests.benchmarks.card.sizes import CLASSES, WORDS, Size

STEPS = 5
"""Steps between two looks at the clock."""


def missing(size: Size) -> str:
    """The module that this network needs and that is not installed; empty if all are there."""
    needed = ("torch", "transformers" if size.is_text else "timm")
    return next((name for name in needed if find_spec(name) is None), "")


def records_a_second(size: Size, *, compiled: bool, seconds: float) -> float:
    """Training with AdamW in PyTorch's own automatic mixed precision, on a card where there is one."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        torch.set_num_threads(1)
    network = (_text(size) if size.is_text else _images(size)).to(device).train()
    scores = torch.compile(network) if compiled else network
    optimizer = torch.optim.AdamW(network.parameters(), 1e-4)
    inputs = _inputs(size, device)
    targets = torch.arange(size.batch, device=device) % CLASSES

    def step() -> None:
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            loss = torch.nn.functional.cross_entropy(_logits(scores(**inputs)), targets)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    return size.batch * _steps_a_second(step, _wait(device), seconds=seconds)


def _logits(outputs: Any) -> Any:
    return getattr(outputs, "logits", outputs)


def _steps_a_second(step: Callable[[], None], wait: Callable[[], None], *, seconds: float) -> float:
    for _ in range(STEPS):
        step()
    wait()
    began, count = time.perf_counter(), 0
    while not count or time.perf_counter() - began < seconds:
        for _ in range(STEPS):
            step()
        wait()
        count += STEPS
    return count / (time.perf_counter() - began)


def _wait(device: str) -> Callable[[], None]:
    import torch

    return torch.cuda.synchronize if device == "cuda" else lambda: None


def _inputs(size: Size, device: str) -> dict[str, Any]:
    import torch

    if not size.is_text:
        return {"x": torch.randn(size.batch, 3, size.length, size.length, device=device)}
    tokens = torch.randint(WORDS, (size.batch, size.length), device=device)
    return {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}


def _images(size: Size) -> Any:
    import timm

    if not size.layers:
        return timm.create_model("legacy_xception", pretrained=False, num_classes=CLASSES)
    return timm.models.vision_transformer.VisionTransformer(
        img_size=size.length,
        patch_size=size.patch,
        embed_dim=size.width,
        depth=size.layers,
        num_heads=size.heads,
        num_classes=CLASSES,
    )


def _text(size: Size) -> Any:
    import transformers

    config = transformers.BertConfig(
        vocab_size=WORDS,
        hidden_size=size.width,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        intermediate_size=4 * size.width,
        num_labels=CLASSES,
    )
    return transformers.BertForSequenceClassification(config)
