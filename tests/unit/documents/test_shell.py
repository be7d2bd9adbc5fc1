"""No value of a file or a sheet reaches a shell as anything but text.

The search reads every script block of modules/ and every task setting that becomes shell code. A
value there is quoted, or is one of SAFE: it cannot contain a character that a shell acts on.
"""

import re
from pathlib import Path

import pytest

SAFE = {
    # Names, by assets/schema_*.json and functions/plan.nf: letters, digits, _, +, - and dots.
    r"meta\.(sample|mark|replicate|name|trained_on)",
    # By functions/catalogue.nf: one of a list of models; applied ones with the name of a sample.
    r"meta\.model",
    # functions/sheets.nf: names joined by dots, or `control.` and a file name cleaned of the rest.
    r"meta\.id",
    r"meta\.role",  # a constant of functions/sheets.nf and functions/plan.nf
    r"meta\.assay",  # by assets/schema_input.json, or an assay that readBundle knows
    r"prefix|folder",  # of meta.sample, meta.model and meta.name; the search sees their definition
    r"group|fold|code|classes|top_calls",  # numbers, digests
    r"task\.(cpus|ext\.device)",
    r"(flags|quoted)\(.*\)",
    r"annotated\(annotations, mappings, annotation_chains\)",  # quoted by functions/scripts.nf
    r"given|counts",  # an option and a file; the search sees their definition
    # Files: Nextflow escapes their names (tests/bad_inputs/test_hostile_names.py). Quotes around
    # them would break names with spaces, since the backslashes would then be part of the name.
    r"bundle|signal|tensors|candidates|sources|regions|calls|cutoffs|elements|bam|index|bed|table|tss|dhs|nascent",
    r"(calls|probabilities)_[ab]",
    r"repeated\('--\w+', [\w.]+\)",
}
BLOCK = re.compile(r'"""(.*?)"""', re.DOTALL)
LINE = re.compile(
    r'^\s*(?:tag|path|tuple|def \w+ =|prefix =|folder =|.*\beval\(|\s*[?:] ").*$', re.MULTILINE
)


def values(text: str) -> list[str]:
    """What is put into a text of Groovy: the code of every ${...}, and every $name."""
    found, at = [], 0
    while (at := text.find("$", at)) >= 0:
        if at and text[at - 1] == "\\":
            at += 1
        elif text[at + 1 : at + 2] == "{":
            end, depth = at + 2, 1
            while depth:
                depth += {"{": 1, "}": -1}.get(text[end], 0)
                end += 1
            found.append(text[at + 2 : end - 1].strip())
            at = end
        else:
            found += re.findall(r"^\w+(?:\.\w+)*", text[at + 1 :])
            at += 1
    return found


def unsafe(source: str) -> list[str]:
    """Values in script blocks, tags, commands of outputs and their parts that are not safe."""
    code = re.sub(r"^\s*//.*$", "", source, flags=re.MULTILINE)
    shell = BLOCK.findall(code) + LINE.findall(BLOCK.sub("", code))
    allowed = re.compile("|".join(f"(?:{one})" for one in SAFE))
    return [one for text in shell for one in values(text) if not allowed.fullmatch(one)]


def test_every_value_in_a_script_block_is_quoted_or_safe(repository: Path) -> None:
    modules = sorted((repository / "modules").glob("*/*/main.nf"))
    assert len(modules) > 20
    devices = r"deviceOf\((meta\.model|models), device\) == 'cpu' \? '' : 'cuda gpu'"
    found = {str(path.relative_to(repository)): unsafe(path.read_text()) for path in modules}
    found = {
        path: [one for one in values_ if not re.fullmatch(devices, one)]
        for path, values_ in found.items()
    }
    assert {path: values_ for path, values_ in found.items() if values_} == {}


def test_lists_from_files_are_not_arguments(repository: Path) -> None:
    """An argument holds 131,072 bytes: names of chromosomes go to scripts in a file."""
    for path in (repository / "modules").glob("*/*/main.nf"):
        joined = [line for line in path.read_text().splitlines() if ".join(" in line]
        assert [line for line in joined if "printf" not in line] == [], path


@pytest.mark.parametrize(
    "source",
    [
        '    """\n    x.py --chroms ${chroms.join(\',\')}\n    """',
        '    """\n    x.py $chroms\n    """',
        '    """\n    x.py "${name}"\n    """',
        '    path "${chrom}.tsv"',
        '    tag "${chroms}"',
        '    tuple val(1), eval("versions.py ${name}"), topic: versions',
        '    def given = "--mapping ${meta.mapping}"',
    ],
)
def test_the_search_finds_it(source: str) -> None:
    assert unsafe(source)


def test_what_is_quoted_passes_and_shell_variables_are_not_values() -> None:
    assert unsafe('    """\n    x.py ${quoted(chroms)} \\${HOME} ${flags(options)}\n    """') == []
