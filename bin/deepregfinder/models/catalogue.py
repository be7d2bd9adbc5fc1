"""Facts about each model, without running it: catalogue.json, with one entry per model.

The catalogue is read here, by functions/catalogue.nf (what a run may ask of a model) and by tests.
Code outside models/ never compares the name of a model: it asks for a fact.

Fields of an entry
------------------
summary : what the model is, in a few words
methods, reference : the same in a methods paragraph, and the name of the work in
    report/references.py; null where there is none
signal : the input of the model, in words; `{transformed}` stands for the effect of --transform
training : how it is trained, as a continuation of "it was"
sees : "window", one at a time, or "chromosome", what lies around a window as well
calibrated : what its probabilities mean: "labelled", frequencies among labelled windows;
    "natural", frequencies on the genome; "rule", the distance from the border of a rule
needs : "labels" (labelled windows), "accessibility" (a track of DNase or ATAC), "tss" (a list of
    TSSs), the name of a mark, "max_classes:N" and "max_bin_size:N"
heeds : parameters that affect this model, of those that only some models use
runs_on : "gpu" if it can compute on a GPU, otherwise "cpu"
progress : the unit of its learning curve: "epoch", "tree" or "fit"
traits : "baseline", the model that others are compared with; "gradients", its outputs have
    gradients with respect to the bins of a window; "hidden_marks", marks were hidden at random
    during training; "states", it has hidden states; "together", it can be trained on several
    samples together
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from deepregfinder.errors import InputError

_FILE = Path(__file__).with_name("catalogue.json")
_APPLIED = "_from_"

ACCESSIBILITY = ("all", "needed")
"""Models that see an accessibility track: all, or only those that need one."""

_ACCESSIBILITY_NEED = "accessibility"


@dataclass(frozen=True)
class ModelFacts:
    """An entry of the catalogue; fields as above."""

    name: str
    summary: str
    methods: str
    reference: str | None
    signal: str
    training: str
    sees: Literal["window", "chromosome"]
    calibrated: Literal["labelled", "natural", "rule"]
    needs: tuple[str, ...]
    heeds: tuple[str, ...]
    runs_on: Literal["cpu", "gpu"]
    progress: Literal["epoch", "tree", "fit"]
    traits: tuple[str, ...]

    @classmethod
    def of(cls, name: str, entry: Mapping[str, Any]) -> "ModelFacts":
        lists = {key: tuple(entry[key]) for key in ("needs", "heeds", "traits")}
        return cls(name, **{**entry, **lists})

    @property
    def sees_chromosome(self) -> bool:
        return self.sees == "chromosome"

    @property
    def needs_labels(self) -> bool:
        return "labels" in self.needs

    @property
    def has_gradients(self) -> bool:
        return "gradients" in self.traits

    @property
    def knows_hidden_marks(self) -> bool:
        return "hidden_marks" in self.traits

    @property
    def trains_together(self) -> bool:
        return "together" in self.traits

    @property
    def has_states(self) -> bool:
        return "states" in self.traits

    def limit(self, what: str) -> int | None:
        """N of the need `what:N`, such as max_bin_size; None where there is no limit."""
        limits = dict(need.split(":") for need in self.needs if ":" in need)
        return int(limits[what]) if what in limits else None


def _read() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return content


_CATALOGUE = _read()
_ACCESSIBILITY_MARKS = re.compile(_CATALOGUE["accessibility_marks"], re.IGNORECASE)

MODEL_NAMES = tuple(_CATALOGUE["models"])


@cache
def facts(name: str) -> ModelFacts:
    """The entry of a model. Raises InputError for an unknown name."""
    if name not in MODEL_NAMES:
        raise InputError(f"There is no model {name!r}: choose {', '.join(MODEL_NAMES)}.")
    return ModelFacts.of(name, _CATALOGUE["models"][name])


def baseline(names: Iterable[str]) -> str | None:
    """The model that others are compared with; None if it is not among `names`."""
    wanted = next(name for name in MODEL_NAMES if "baseline" in facts(name).traits)
    return next((name for name in names if design(name) == wanted), None)


def design(name: str) -> str:
    """The model behind the name in a run: `cnn` for `cnn` and for `cnn_from_K562`.

    A model that another sample was trained on carries the name of that sample in a run.
    """
    return name.partition(_APPLIED)[0]


def training_sample(name: str) -> str:
    """The sample that a run's model `name` was trained on; empty for the predicted sample."""
    return name.partition(_APPLIED)[2]


def includes(trained_on: str, sample: str) -> bool:
    """Whether the training data of a model include a sample: those of "A+B" include A and B."""
    return sample in (trained_on, *trained_on.split("+"))


def accessibility_row(marks: Sequence[str]) -> int | None:
    """The first row that is an accessibility track (DNase, ATAC-seq, DHS, ...), or None."""
    return next((row for row, mark in enumerate(marks) if _is_accessibility(mark)), None)


def marks_seen(
    model: str, marks: Sequence[str], accessibility: str, withheld: Sequence[str] = ()
) -> tuple[str, ...]:
    """The marks that a model is trained on, in their order.

    accessibility : one of ACCESSIBILITY; withheld : marks that no model sees

    Raises InputError where a model that needs an accessibility track is given none, or no mark is
    left.
    """
    marks = [mark for mark in marks if mark not in withheld]
    if not marks:
        raise InputError(f"--withhold {','.join(withheld)} leaves no mark for {model}.")
    if _ACCESSIBILITY_NEED in facts(model).needs:
        if accessibility_row(marks) is None:
            raise InputError(
                f"{model} needs an accessibility track: add a row with the mark DNase or ATAC to "
                f"the samplesheet (there are {', '.join(marks)}), or leave {model} out of --models."
            )
    elif accessibility == "needed":
        return tuple(mark for mark in marks if not _is_accessibility(mark))
    return tuple(marks)


def is_given_tss(model: str, tss_input: bool) -> bool:
    """Whether a model is given the TSSs: always if it needs them, else if --tss_input says so."""
    return "tss" in facts(model).needs or (tss_input and "tss_input" in facts(model).heeds)


def _is_accessibility(mark: str) -> bool:
    return _ACCESSIBILITY_MARKS.fullmatch(mark) is not None
