import numpy as np

from tasks.text.comparison import FEATURES, SHOWN_CHARACTERS, excerpt, features

TEXTS = ["青石巷的作者是陆一舟", "青石巷的作者", "Rain fell 4,000 times"]


def test_features_are_rows_of_length_1_that_depend_on_their_own_text_alone() -> None:
    found = features(TEXTS)
    assert found.shape == (3, FEATURES)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.multiply(found).sum(axis=1), 1, rtol=1e-5)
    assert (features(TEXTS[1:2]) != found[1]).nnz == 0


def test_texts_that_share_characters_and_pairs_are_alike() -> None:
    alike = (features(TEXTS) @ features(TEXTS).T).toarray()
    assert alike[0, 1] > 0.7
    assert alike[0, 2] < 0.01


def test_an_absent_part_has_no_rows() -> None:
    assert features(iter(())).shape == (0, FEATURES)


def test_excerpts_come_in_the_order_of_the_rows_and_long_ones_are_cut() -> None:
    long = "石" * (SHOWN_CHARACTERS + 1)
    assert excerpt(["a", long, "b"], [2, 1, 2]) == ["b", "石" * SHOWN_CHARACTERS + "…", "b"]
