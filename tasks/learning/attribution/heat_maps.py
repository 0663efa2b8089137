"""The weights of a photograph's pixels as a picture: orange where they speak for an answer, blue against."""

import numpy as np

FOR, AGAINST = (255, 150, 40), (70, 160, 255)
BLUR = 1 / 40
"""Width of the blur, of the side: single pixels of attributions are noise to the eye."""
CLIPPED = 99.0
"""Percentile of weights that gets the full colour."""
DIMMED = 0.45
"""Brightness that is left of the photograph below the colours."""


def heat_map(photograph: np.ndarray, weights: np.ndarray, *, scale: float | None = None) -> np.ndarray:
    """(h, w, 3) uint8: the photograph in grey, its pixels coloured by their blurred weights.

    Args:
        photograph: (h, w, 3) uint8.
        weights: (h, w).
        scale: blurred weight of the full colour (`full_weight`), for pictures that are compared.
    """
    blurred = _blurred(weights)
    share = np.clip(blurred / (scale or full_weight([weights])), -1, 1)[..., None]
    grey = photograph.astype(np.float32).mean(axis=-1, keepdims=True) * DIMMED
    colour = np.where(share > 0, np.array(FOR, np.float32), np.array(AGAINST, np.float32))
    strength = np.abs(share) ** 0.8
    return np.clip(grey * (1 - 0.6 * strength) + colour * strength * 0.9, 0, 255).astype(np.uint8)


def full_weight(weights: list[np.ndarray]) -> float:
    """The blurred weight that gets the full colour in pictures of these weights."""
    largest = max(float(np.percentile(np.abs(_blurred(each)), CLIPPED)) for each in weights)
    return largest or 1.0


def _blurred(weights: np.ndarray) -> np.ndarray:
    import cv2

    cv2.setNumThreads(0)
    sigma = max(0.8, BLUR * max(weights.shape))
    return np.asarray(cv2.GaussianBlur(weights.astype(np.float32), (0, 0), sigma))
