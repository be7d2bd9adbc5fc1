"""The UCSC track hub: hub.txt, genomes.txt and a trackDb with a composite track for each sample.

The lines are documented at https://genome.ucsc.edu/goldenPath/help/hgTrackHubHelp.html and
trackDb/trackDbHub.html. Paths are relative to the file that contains them.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path

from deepregfinder.classes import class_named
from deepregfinder.storage.atomic import written_whole
from deepregfinder.tracks.contents import UNKNOWN, CallTracks, Contents

_SIGNAL_COLOUR = (70, 70, 70)
_VIEWS = {"calls": "Calls", "probability": "Probability", "signal": "Signal"}
_UP = "../../"

Names = Mapping[tuple[str, ...], str]


def write_hub(folder: Path, contents: Contents, email: str) -> None:
    """Write the hub into `folder`, which is beside calls/ and signal/.

    email : the contact that UCSC requires of a hub
    """
    files = {
        "hub.txt": _stanza(
            hub="deepregfinder",
            shortLabel="DeepRegFinder",
            longLabel="Regulatory elements found by DeepRegFinder-NF",
            genomesFile="genomes.txt",
            email=email,
            descriptionUrl=f"{contents.assembly}/calls.html",
        ),
        "genomes.txt": _genome(contents),
        f"{contents.assembly}/trackDb.txt": "\n".join(_tracks(contents)),
        f"{contents.assembly}/calls.html": _description(contents),
    }
    for name, text in files.items():
        with written_whole(folder / name) as part:
            part.write_text(text)


def _stanza(indent: int = 0, **settings: str) -> str:
    return "".join(f"{' ' * indent}{key} {value}\n" for key, value in settings.items())


def _genome(contents: Contents) -> str:
    known = _stanza(genome=contents.assembly, trackDb=f"{contents.assembly}/trackDb.txt")
    if contents.assembly != UNKNOWN:
        return known
    first = next(iter(contents.chrom_sizes))
    return (
        "# An assembly that UCSC may not have: make its 2bit file (faToTwoBit genome.fa\n"
        f"# {UNKNOWN}.2bit), put it into this folder, and take the marks off the lines below.\n"
        f"{known}"
        f"# twoBitPath {UNKNOWN}.2bit\n# organism {UNKNOWN}\n# defaultPos {first}:1-100000\n"
        "# With an assembly of UCSC, run with --genome and its name instead, e.g. --genome dm6.\n"
    )


def track_names(tracks: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """A valid name in trackDb for each track: letters, digits and underscores only.

    tracks : what each is of, such as its view, sample and mark

    Names that become equal in this alphabet (CD34+ and CD34-, or A_B C and A B_C) are followed by a
    digest of their parts: with two tracks of one name, UCSC would not load the hub.
    """
    plain = {
        parts: "t_" + "_".join(re.sub(r"\W", "_", part, flags=re.ASCII) for part in parts)
        for parts in tracks
    }
    uses = Counter(name.lower() for name in plain.values())
    return {
        parts: name if uses[name.lower()] == 1 else f"{name}_{_digest(parts)}"
        for parts, name in plain.items()
    }


def _digest(parts: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


def _all_tracks(contents: Contents) -> Iterator[tuple[str, ...]]:
    for sample in contents.samples:
        yield (sample,)
        yield from ((sample, view) for view in _VIEWS)
        for calls in contents.calls_of(sample):
            yield "calls", sample, calls.model
            yield from (("probability", sample, calls.model, name) for name in calls.classes)
        for signal in contents.signal_of(sample):
            yield from (("signal", sample, mark) for mark in signal.marks)


def _tracks(contents: Contents) -> Iterator[str]:
    names = track_names(_all_tracks(contents))
    for sample in contents.samples:
        models = contents.calls_of(sample)
        yield _stanza(
            track=names[(sample,)],
            compositeTrack="on",
            shortLabel=sample[:17],
            longLabel=f"{sample}: elements, probabilities and signal",
            subGroup1="view Views " + " ".join(f"{key}={text}" for key, text in _VIEWS.items()),
            type="bed 3",
            visibility="full",
            html="calls",
        )
        yield _view(names, sample, "calls", "bigBed 9 +", visibility="pack", itemRgb="on")
        yield from (_call_track(names, model) for model in models if model.n_calls)
        yield _view(
            names,
            sample,
            "probability",
            "bigWig",
            visibility="hide",
            viewLimits="0:1",
            maxHeightPixels="60:30:8",
        )
        for model in models:
            for name in model.classes:
                yield _leaf(
                    names, (sample, model.model, name),
                    "probability", "bigWig 0 1", model.bigwig(name),
                    f"{model.model} {class_named(name).label}",
                    f"{sample}: probability of {class_named(name).label}, {model.model}",
                    color=_colour(class_named(name).colour),
                )  # fmt: skip
        yield _view(
            names,
            sample,
            "signal",
            "bigWig",
            visibility="full",
            autoScale="on",
            maxHeightPixels="60:24:8",
        )
        for signal in contents.signal_of(sample):
            for mark in signal.marks:
                yield _leaf(
                    names, (sample, mark), "signal", "bigWig", signal.bigwig(mark), mark,
                    f"{sample}: {mark}, reads per million", color=_colour(_SIGNAL_COLOUR),
                )  # fmt: skip


def _view(names: Names, sample: str, view: str, kind: str, **settings: str) -> str:
    return _stanza(
        4,
        track=names[sample, view],
        parent=names[(sample,)],
        view=view,
        shortLabel=_VIEWS[view],
        longLabel=f"{sample}: {_VIEWS[view].lower()}",
        type=kind,
        **settings,
    )


def _call_track(names: Names, model: CallTracks) -> str:
    classes = ", ".join(class_named(name).label for name in model.classes)
    return _leaf(
        names, (model.sample, model.model), "calls", "bigBed 9 +", model.bigbed, model.model,
        f"{model.sample}: {classes} by {model.model}, trained on {model.trained_on}",
        itemRgb="on", mouseOver="$name $score, $nearestTss $tssDistance bp",
    )  # fmt: skip


def _leaf(
    names: Names,
    parts: tuple[str, ...],
    view: str,
    kind: str,
    path: str,
    short: str,
    long: str,
    **settings: str,
) -> str:
    return _stanza(
        8,
        track=names[view, *parts],
        parent=f"{names[parts[0], view]} on",
        subGroups=f"view={view}",
        type=kind,
        bigDataUrl=f"{_UP}{path}",
        shortLabel=short[:17],
        longLabel=long[:80],
        **settings,
    )


def _colour(colour: tuple[int, int, int]) -> str:
    return ",".join(map(str, colour))


def _description(contents: Contents) -> str:
    names = dict.fromkeys(name for track in contents.calls for name in track.classes)
    rows = "".join(
        f'<tr><td style="background: {class_named(name).hex_colour}">&nbsp;&nbsp;</td>'
        f"<td>{escape(class_named(name).label)}</td></tr>\n"
        for name in names
    )
    return f"""<h2>Description</h2>
<p>Regulatory elements that DeepRegFinder-NF called from histone marks, with the probability of each
class and the signal that the models saw.</p>
<h2>Display</h2>
<table>
{rows}</table>
<p><b>Calls.</b> Score: 1000 x the best calibrated probability; thick: the middle of the best
window. A click shows the probability of every class, its spread over seeds, the nearest
transcription start site, and whether the place is blacklisted.
<b>Probability.</b> Of each class, in steps. <b>Signal.</b> Reads per million in bins, replicates
averaged.</p>
<h2>Methods</h2>
<p>docs/methods.md of DeepRegFinder-NF; accuracy stands in report.html beside this hub.</p>
<h2>References</h2>
<p>Ramakrishnan A, et al. DeepRegFinder: deep learning-based regulatory elements finder.
Bioinformatics Advances 2024, vbae007.</p>
"""
