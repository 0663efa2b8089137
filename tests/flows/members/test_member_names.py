"""Names of members in a blend: those of their recipes, and where these are equal what tells them apart."""

from flows.members.cached_members import CachedMember
from flows.members.member_names import unique_names
from tasks.core.cache.store import Artifact


def member(recipe: str, digit: str) -> CachedMember:
    return CachedMember(recipe, Artifact(kind="member", digest=digit * 64), {})


def test_names_that_differ_stay_as_they_are() -> None:
    assert unique_names([member("a", "1"), member("b", "2")], [{}, {"x": "1"}]) == ["a", "b"]


def test_members_of_one_recipe_are_told_apart_by_their_settings() -> None:
    settings = [
        {"head.dropout": "0.2", "seed": "0", "kind": "same"},
        {"head.dropout": "0.5", "seed": "0", "kind": "same"},
        {"head.dropout": "0.5", "seed": "1", "kind": "same"},
        {"kind": "other"},
    ]
    members = [member("a", "1"), member("a", "2"), member("a", "3"), member("b", "4")]
    assert unique_names(members, settings) == [
        "a-dropout.0.2-seed.0",
        "a-dropout.0.5-seed.0",
        "a-dropout.0.5-seed.1",
        "b",
    ]


def test_names_hold_nothing_that_a_file_name_cannot() -> None:
    settings = [{"trunk.weights": "a/b c:狗"}, {"trunk.weights": "…"}]
    names = unique_names([member("a", "1"), member("a", "2")], settings)
    assert names == ["a-weights.a.b.c", "a-weights"]


def test_members_that_nothing_tells_apart_have_their_digests() -> None:
    members = [member("a", "1"), member("a", "2"), member("a", "3")]
    assert unique_names(members, [{}, {}, {"seed": "1"}]) == ["a-11111111", "a-22222222", "a-seed.1"]
