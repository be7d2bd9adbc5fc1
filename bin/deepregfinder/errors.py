"""The error for mistakes in the input of a user."""

from collections.abc import Sequence


class InputError(Exception):
    """A mistake in the input: the message says what is wrong, where, and what to do.

    problems : the mistakes, a sentence each
    """

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems) or (message,)

    @classmethod
    def of(cls, problems: Sequence[str]) -> "InputError":
        """One error for several problems, one per line."""
        if len(problems) == 1:
            return cls(problems[0])
        listed = "\n".join(f"  - {problem}" for problem in problems)
        return cls(f"{len(problems)} problems were found:\n{listed}", problems)
