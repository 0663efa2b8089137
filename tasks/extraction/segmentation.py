"""Words of a text that brings none of its own."""


def segmented(text: str) -> list[str]:
    """The words of a text by jieba's dictionary and hidden Markov model; they join to the text."""
    import rjieba

    words: list[str] = rjieba.cut(text)
    return words
