"""Public scores: what the leaderboard of a competition can show, and which way is better."""

import re
from pathlib import Path

import pytest

from tasks.core.errors import InvalidSettings
from tasks.core.submissions.public_scores import check, looks_opposite, meaning
from tasks.core.submissions.submissions import Submission

GUIDE = Path(__file__).resolve().parents[3] / "submissions" / "README.md"


@pytest.mark.parametrize("score", [0.0, 0.119, 1.0])
def test_a_share_is_a_score(score: float) -> None:
    for competition in ("dogs", "extraction", "nl2sql"):
        check(competition, score)


@pytest.mark.parametrize(
    ("competition", "score", "said"),
    [
        ("nl2sql", 88.0, "expected the mean of logic form and execution accuracy of nl2sql, from 0 to 1"),
        ("dogs", 12.5, "expected the error rate of dogs, from 0 to 1, received 12.5; 12.5 % is 0.125"),
        ("extraction", -0.1, "expected the F1 of extraction, from 0 to 1, received -0.1"),
        ("extraction", 120.0, "received 120$"),
        ("extraction", float("nan"), "expected a finite number"),
        ("unknown", float("inf"), "expected a finite number"),
    ],
)
def test_what_cannot_be_one_is_refused(competition: str, score: float, said: str) -> None:
    with pytest.raises(InvalidSettings, match=said):
        check(competition, score)


def test_of_a_folder_that_is_no_competition_nothing_is_known() -> None:
    check("unknown", 88.0)
    assert meaning("unknown") == "taken as the higher the better, for its competition cannot be used"


def of(competition: str, value: float) -> Submission:
    score = {"name": "accuracy", "value": value}
    return Submission(Path("submissions") / competition / "a", {"file": "a.txt", "score": score})


def test_an_accuracy_in_place_of_an_error_rate_shows() -> None:
    assert looks_opposite(of("dogs", 0.88), 0.8812)
    assert not looks_opposite(of("dogs", 0.88), 0.119)
    assert not looks_opposite(of("nl2sql", 0.88), 0.119)  # both are the higher the better: it is just poor
    assert not looks_opposite(Submission(Path("dogs/a"), {"file": "a.txt"}), 0.5)


def test_the_guide_beside_the_submissions_agrees() -> None:
    text = " ".join(GUIDE.read_text("utf-8").split())
    (example,) = re.findall(r"record-score A ([\d.]+)", text)
    check("dogs", float(example))
    assert not looks_opposite(of("dogs", 0.88), float(example))
    assert meaning("dogs") == "error rate, the lower the better"
    assert "of `dogs` the error rate, the lower the better" in text
    for competition in ("extraction", "nl2sql"):
        name, _, way = meaning(competition).rpartition(", ")
        assert re.search(rf"`{competition}` (the )?{name}[^;]*{way}", text)
