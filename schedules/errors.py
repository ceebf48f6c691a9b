"""The error of this package."""


class HoursError(ValueError):
    """
    A part of a calendar that breaks a rule; nothing was built.

    The text quotes the input, names the rule and says what to write instead. A calendar
    that cannot be read is a closed one.
    """
