"""What this package raises."""


class HoursError(ValueError):
    """
    A piece of a calendar breaks a rule; nothing was built.

    The text quotes what was written, names the rule, and says what to write
    instead. Who catches it keeps the phones silent: a calendar that cannot
    be read is a closed one.
    """
