from pathlib import Path

import numpy as np

from tasks.core.dataset import PartFolders
from tasks.learning.comparison import adversarial
from tasks.nl2sql import demo
from tasks.nl2sql.comparison import excerpt, features
from tests.nl2sql import written
from tests.nl2sql.written import Part, question, table


def test_a_question_is_described_by_its_characters_and_its_table(tmp_path: Path) -> None:
    dataset = written.dataset(tmp_path)
    found = features(dataset, "train")
    assert (found.shape[0], found.dtype, found.format) == (7, np.float32, "csr")
    sizes = np.exp(found[:, -4:].toarray()) - 1
    np.testing.assert_allclose(sizes[0], [len("请问青石花园的成交均价是多少？"), 3, 4, 2], rtol=1e-5)
    np.testing.assert_allclose(sizes[4], [len("山西省的公司营业收入合计是多少"), 3, 6, 3], rtol=1e-5)


def test_labels_are_not_among_the_features(tmp_path: Path) -> None:
    plain = written.TRAIN.questions[:2]
    other = [question(each["table_id"], each["question"], [(0, 4)]) for each in plain]
    found = []
    for name, questions in (("one", plain), ("other", other)):
        part = Part(written.TRAIN.tables, questions)
        found.append(features(written.dataset(tmp_path / name, written.PARTS | {"train": part}), "train"))
    assert (found[0] != found[1]).nnz == 0


def test_a_part_is_described_without_any_other(tmp_path: Path) -> None:
    dataset = written.dataset(tmp_path)
    alone = tmp_path / "alone"
    alone.mkdir()
    for file in dataset.glob("test*"):
        file.rename(alone / file.name)
    test = PartFolders.of(alone)
    assert features(test, "test").shape == (2, features(dataset, "train").shape[1])
    assert excerpt(test, "test", [1]) == ["何景在哪个部门 [姓名, 部门, 工资, 入职日期]"]


def test_a_part_without_questions_has_no_rows(tmp_path: Path) -> None:
    parts = {name: part for name, part in written.PARTS.items() if name != "val"}
    dataset = written.dataset(tmp_path, parts)
    assert features(dataset, "validation").shape == (0, features(dataset, "train").shape[1])
    assert excerpt(dataset, "validation", []) == []


def test_excerpts_come_in_the_order_asked_for_and_are_short(tmp_path: Path) -> None:
    wide = table("wide", {f"第{number}列": "text" for number in range(300)}, [])
    asked = [question("wide", text) for text in ("短", "长" * 900, "末")]
    dataset = written.dataset(tmp_path, written.PARTS | {"test": Part((wide,), asked)})
    found = excerpt(dataset, "test", [2, 0, 1, 0])
    assert [each[0] for each in found] == ["末", "短", "长", "短"]
    assert found[0].startswith("末 [第0列, 第1列, ")
    assert all(len(each) < 130 for each in found)


def test_questions_on_other_things_are_told_from_those_of_training(tmp_path: Path) -> None:
    demo.write(tmp_path / "raw", tables=12, questions=80, validation=40, test=40)
    (tmp_path / "made").mkdir()
    dataset = written.load(tmp_path / "raw", tmp_path / "made")
    train = features(dataset, "train")
    result, other = (adversarial(train, rows, seed=0) for rows in (features(dataset, "test"), train))
    assert result is not None
    assert other is not None
    assert result.auc > other.auc
