"""Passwords in addresses: masked in what is shown, kept in what is used."""

import pytest

from tasks.core.masking import masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://podium:hunter2@db/x", "postgresql://podium:***@db/x"),
        ("postgresql+psycopg://u:p%40ss@db:5432/x?a=1", "postgresql+psycopg://u:***@db:5432/x?a=1"),
        ("postgresql://u:p@ss/w:rd@db/x", "postgresql://u:***@db/x"),
        ("postgresql://u:1234@db/x", "postgresql://u:***@db/x"),
        ("redis://:secret@db:1/0", "redis://:***@db:1/0"),
        ("postgresql:///x?user=u&password=hunter2&host=db", "postgresql:///x?user=u&password=***&host=db"),
        ("s3://bucket/podium?token=abc", "s3://bucket/podium?token=***"),
        ("https://b.example/x?X-Amz-Signature=ab&b=1", "https://b.example/x?X-Amz-Signature=***&b=1"),
        ("https://b.example/x?sv=1&sig=ab%3D", "https://b.example/x?sv=1&sig=***"),
        ("host=db password=hunter2 dbname=x", "host=db password=*** dbname=x"),
        ("cannot reach 'sftp://u:p@h/x' (no)", "cannot reach 'sftp://u:***@h/x' (no)"),
        ("a://b:c@d, e://f:g@h", "a://b:***@d, e://f:***@h"),
        # nothing to hide
        ("http://127.0.0.1:4200/api", "http://127.0.0.1:4200/api"),
        ("http://127.0.0.1:4200/flows/x@y", "http://127.0.0.1:4200/flows/x@y"),
        ("postgresql://podium@db/x", "postgresql://podium@db/x"),
        ("sqlite:///studies.db", "sqlite:///studies.db"),
        ("next_token=3, recipe.token=x, keys=5", "next_token=3, recipe.token=x, keys=5"),
        ("ana@example.org: 12:30", "ana@example.org: 12:30"),
    ],
)
def test_passwords_and_keys_are_masked_and_nothing_else(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert masked(shown) == shown


def test_the_password_of_an_address_is_masked_wherever_a_driver_quotes_it() -> None:
    address = "postgresql://podium:hun%40ter2@db/x"
    error = ValueError("no user 'podium' with 'hun@ter2' (hun%40ter2)")
    assert masked(error, address=address) == "no user 'podium' with '***' (***)"
    assert masked("a short one spoils no word", address="s3://u:a@b") == "a short one spoils no word"
