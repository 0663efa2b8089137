"""Parsing of Python files that a person edits: all that is wrong with one is a SyntaxError."""

import ast
import threading

PARSING = threading.Lock()
"""Python 3.11 counts the depth of all threads' trees together: two parses at once can raise SystemError
(github.com/python/cpython/issues/106905)."""
TRIES = 5
"""Libraries parse in other threads too, and do not take the lock."""
TOO_DEEP = "code that is nested too deep"


def parse(content: bytes) -> ast.Module:
    """The syntax tree of a module.

    Raises:
        SyntaxError: it is no Python, has null bytes, or is nested too deep; `ast.parse` has other errors.
    """
    try:
        with PARSING:
            return _parse(content, TRIES)
    except (RecursionError, MemoryError):
        raise SyntaxError(TOO_DEEP) from None
    except ValueError as error:
        raise SyntaxError(str(error)) from None


def _parse(content: bytes, tries: int) -> ast.Module:
    try:
        return ast.parse(content)
    except SystemError:
        if tries == 1:
            raise
        return _parse(content, tries - 1)


def dumped(tree: ast.AST) -> str:
    """`ast.dump`; raises SyntaxError if the tree is nested too deep for it."""
    try:
        return ast.dump(tree)
    except RecursionError:
        raise SyntaxError(TOO_DEEP) from None


def with_line(file: object, error: SyntaxError) -> str:
    """`training.py:3: invalid syntax`; without the line where the error has none."""
    return f"{file}{f':{error.lineno}' if error.lineno else ''}: {error.msg}"
