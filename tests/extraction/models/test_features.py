import pytest

from tasks.extraction.gplinker.training import targets as linking_targets
from tasks.extraction.models.features import tokenized
from tasks.extraction.records import Record
from tasks.text.config import Encoder
from tasks.text.tokenization import Tokenizer


def tokenizer(*, longest: int) -> Tokenizer:
    return Tokenizer(Encoder(longest=longest), lambda: [(character, 9) for character in "青石巷的作者"])


@pytest.mark.parametrize("longest", [16, 40, 100, 256, 512, 1000])
def test_no_batch_is_longer_than_what_a_network_has_positions_for(longest):
    made = tokenizer(longest=longest)
    labels = (("青", "作者", "石"),)
    (given,) = tokenized([Record("a", "青石" * longest, None, labels)], made, {"作者": 0})
    length = made.batch([given.inputs])["characters"].shape[1]
    assert given.tokens <= length <= longest + 2
    pairs = linking_targets([given], predicates=1, length=length)["head"][0, 0]
    assert divmod(int(pairs[0]), length) == (1, 2)


def test_labels_beyond_what_is_read_are_left_out():
    text = "青" + "的" * 14 + "石" + "巷作"
    triples = (("青", "作者", "石"), ("青", "作者", "巷"), ("作", "作者", "青"))
    (given,) = tokenized([Record("a", text, None, triples)], tokenizer(longest=16), {"作者": 0})
    assert given.labels == ((0, (0, 1), (15, 16)),)
