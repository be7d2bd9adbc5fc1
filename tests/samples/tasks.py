"""The folders of finished tasks: their inputs and outputs."""

import re
from pathlib import Path


def processes() -> list[str]:
    """All of them but MULTIQC, whose program the images have only when asked for, and the folds:
    with 5 classes this panel has too few windows for them."""
    modules = (Path(__file__).parents[2] / "modules").glob("*/*/main.nf")
    names = {re.search(r"^process (\w+)", file.read_text(), re.M)[1] for file in modules}
    return sorted(names - {"MULTIQC", "CROSS_VALIDATE", "SUMMARISE_FOLDS", "EVALUATE_DEPTHS"})


def declared_inputs(task: Path) -> dict[Path, Path]:
    """The links to inputs in the folder of a task: path -> target."""
    links = [path for path in task.rglob("*") if path.is_symlink()]
    return {path.relative_to(task): path.resolve() for path in links}


def outputs(folder: Path) -> dict[str, bytes]:
    """All other files in the folder of a task, without HTML, which has dates."""
    return {
        str(path.relative_to(folder)): b"" if path.suffix == ".html" else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and not path.is_symlink()
        and not path.relative_to(folder).parts[0].startswith(".")
    }
