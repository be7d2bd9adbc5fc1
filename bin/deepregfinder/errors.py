"""What a user is told when an input is wrong."""

from collections.abc import Sequence


class InputError(Exception):
    """A mistake in what the user gave: what is wrong, where, and what to do, in plain sentences."""

    @classmethod
    def of(cls, problems: Sequence[str]) -> "InputError":
        """Report several problems at once, one a line."""
        if len(problems) == 1:
            return cls(problems[0])
        listed = "\n".join(f"  - {problem}" for problem in problems)
        return cls(f"{len(problems)} problems were found:\n{listed}")
