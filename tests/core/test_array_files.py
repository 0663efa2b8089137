import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tasks.core.array_files import read_npz
from tasks.core.strict_json import Unreadable


def claiming(file: Path, shape: tuple[int, ...]) -> Path:
    """An archive with an array of two numbers whose header says that it has another shape."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.npy", stream.getvalue() + bytes(16))
    return file


def test_arrays_of_all_plain_types_are_read(tmp_path: Path) -> None:
    arrays = {"text": np.array(["石", "a"]), "half": np.ones((2, 3), np.float16), "big": np.array([1], ">i4")}
    np.savez_compressed(file := tmp_path / "a.npz", **arrays)
    read = read_npz(file)
    assert read.keys() == arrays.keys()
    assert all((read[name] == array).all() for name, array in arrays.items())


@pytest.mark.parametrize("shape", [(3,), (10**9, 2), (10**18,), (-2,), (2**40, 2**40), ()])
def test_an_array_that_claims_another_shape_is_refused_before_memory_is_taken(tmp_path, shape) -> None:
    with pytest.raises(Unreadable, match="expected a whole npz file, received a damaged one"):
        read_npz(claiming(tmp_path / "a.npz", shape))


def test_the_memory_of_arrays_is_bounded_by_a_variable(tmp_path, monkeypatch) -> None:
    np.savez_compressed(file := tmp_path / "a.npz", a=np.zeros(1000), b=np.zeros(1000))
    monkeypatch.setenv("PODIUM_MOST_ARRAY_BYTES", "16000")
    assert len(read_npz(file)) == 2
    monkeypatch.setenv("PODIUM_MOST_ARRAY_BYTES", "15999")
    message = r"arrays of at most 15,999 bytes \(PODIUM_MOST_ARRAY_BYTES\), received 16,000 bytes"
    with pytest.raises(Unreadable, match=message):
        read_npz(file)


def test_pickled_objects_are_not_read(tmp_path: Path) -> None:
    np.savez(file := tmp_path / "a.npz", a=np.array([{}], object))
    with pytest.raises(Unreadable, match="pickled objects, which are not read"):
        read_npz(file)
