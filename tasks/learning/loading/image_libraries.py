"""OpenCV and albumentations, without update checks and threads: views are made in parallel already.

Import this inside functions: albumentations takes two seconds. Processes that make views import it
beforehand.
"""

import os

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # read at the import

import albumentations
import cv2

cv2.setNumThreads(0)

__all__ = ["albumentations", "cv2"]
