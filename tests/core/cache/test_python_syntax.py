"""Parsing Python: what is no Python is a SyntaxError, and other threads that parse do no harm."""

import ast

import pytest

from tasks.core.cache import python_syntax
from tasks.core.cache.python_syntax import TOO_DEEP, TRIES, parse


@pytest.mark.parametrize("content", [b"a = (", b"a = \0", b"(" * 1000 + b")" * 1000, b"\xff"])
def test_what_is_no_python_is_a_syntax_error(content: bytes) -> None:
    with pytest.raises(SyntaxError):
        parse(content)


def test_code_that_is_nested_too_deep_is_named() -> None:
    with pytest.raises(SyntaxError, match=TOO_DEEP):
        parse(b"-" * 3_000 + b"1")


@pytest.mark.parametrize(("failures", "parses"), [(1, True), (TRIES - 1, True), (TRIES, False)])
def test_a_parse_that_another_thread_has_disturbed_is_repeated(
    monkeypatch: pytest.MonkeyPatch, failures: int, parses: bool
) -> None:
    real, calls = ast.parse, list[bytes]()

    def disturbed(content: bytes) -> ast.Module:
        calls.append(content)
        if len(calls) <= failures:
            raise SystemError("AST constructor recursion depth mismatch (before=60, after=58)")
        return real(content)

    monkeypatch.setattr(python_syntax.ast, "parse", disturbed)
    if parses:
        assert ast.dump(parse(b"a = 1")) == ast.dump(real(b"a = 1"))
    else:
        with pytest.raises(SystemError):
            parse(b"a = 1")
