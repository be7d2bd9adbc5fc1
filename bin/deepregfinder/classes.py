"""The classes, in the order of the outputs of all models, and their colours."""

from dataclasses import dataclass

from deepregfinder.errors import InputError


@dataclass(frozen=True)
class ElementClass:
    """One class: its name, element, state and colour.

    element : "background", "enhancer" or "promoter"
    state : "active", "poised", or "." where states are not distinguished
    colour : red, green and blue, 0-255 (colour-blind safe)
    """

    name: str
    element: str
    state: str
    colour: tuple[int, int, int]

    @property
    def hex_colour(self) -> str:
        return "#{:02x}{:02x}{:02x}".format(*self.colour)

    @property
    def label(self) -> str:
        """The name for display: "active enhancer" for `active_enhancer`."""
        return self.name.replace("_", " ")


BACKGROUND = ElementClass("background", "background", ".", (150, 150, 150))
ENHANCER = ElementClass("enhancer", "enhancer", ".", (230, 159, 0))
PROMOTER = ElementClass("promoter", "promoter", ".", (0, 114, 178))
POISED_ENHANCER = ElementClass("poised_enhancer", "enhancer", "poised", (240, 190, 110))
ACTIVE_ENHANCER = ElementClass("active_enhancer", "enhancer", "active", (213, 94, 0))
POISED_PROMOTER = ElementClass("poised_promoter", "promoter", "poised", (86, 180, 233))
ACTIVE_PROMOTER = ElementClass("active_promoter", "promoter", "active", (0, 84, 150))

CLASS_SETS: dict[int, tuple[ElementClass, ...]] = {
    2: (BACKGROUND, ENHANCER),
    3: (BACKGROUND, ENHANCER, PROMOTER),
    5: (BACKGROUND, POISED_ENHANCER, ACTIVE_ENHANCER, POISED_PROMOTER, ACTIVE_PROMOTER),
}


def class_set(n_classes: int) -> tuple[ElementClass, ...]:
    """The classes of a 2-, 3- or 5-class run, background first. InputError for other numbers."""
    if n_classes not in CLASS_SETS:
        raise InputError(f"There is no set of {n_classes} classes: choose 2, 3 or 5.")
    return CLASS_SETS[n_classes]


def class_names(n_classes: int) -> tuple[str, ...]:
    """Names of the classes of `class_set`, background first."""
    return tuple(member.name for member in class_set(n_classes))


def class_named(name: str) -> ElementClass:
    """Look up a class of any set by its name. Raises InputError for an unknown name."""
    for members in CLASS_SETS.values():
        for member in members:
            if member.name == name:
                return member
    raise InputError(f"There is no class named {name!r}.")
