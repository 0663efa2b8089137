import pytest

from tasks.core.errors import InvalidSettings
from tasks.core.limits import LINE


def test_a_limit_is_its_variable_or_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LINE.variable, raising=False)
    assert (LINE.value(), LINE.value(7)) == (1 << 20, 7)
    monkeypatch.setenv(LINE.variable, "9")
    assert (LINE.value(), LINE.value(7)) == (9, 9)
    assert LINE.at_most() == "at most 9 bytes (PODIUM_MOST_LINE_BYTES)"


@pytest.mark.parametrize("text", ["0", "-1", "1e9", "٣", "９", "1_0", "ten", "9" * 5000, " 9"])
def test_a_variable_that_is_no_number_is_refused_by_its_name(monkeypatch, text: str) -> None:
    monkeypatch.setenv(LINE.variable, text)
    with pytest.raises(InvalidSettings, match="PODIUM_MOST_LINE_BYTES: expected a whole number of bytes"):
        LINE.value()
