"""Nouns and verbs that agree with a count."""


def counted(count: int, noun: str) -> str:
    """Write a count with its noun: "1 hold", "2 holds"."""
    return f"{count} {agreeing(count, noun, f'{noun}s')}"


def agreeing(count: float, one: str, more: str) -> str:
    """Choose the word that agrees with a count: "is" or "are"."""
    return one if count == 1 else more
