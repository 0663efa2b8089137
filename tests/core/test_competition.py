from tasks.core.competition import Score


def test_a_signed_score_is_the_higher_the_better() -> None:
    assert Score("accuracy", 0.5, 0.1).signed == 0.5
    assert Score("loss", 0.5, 0.1, higher_is_better=False).signed == -0.5


def test_a_score_as_text_has_its_name_its_value_and_its_standard_error() -> None:
    assert Score("accuracy", 0.88034, 0.0162).text() == "accuracy 0.8803 ± 0.0162"
