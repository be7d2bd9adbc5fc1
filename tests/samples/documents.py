"""Read the documents for tests: sections, tables, and the paths listed in docs/output.md."""

import re
import shlex

RESULTS = "## Results folder"


def section(text: str, heading: str) -> str:
    """The text below the first heading that begins with `heading`, up to the next heading."""
    match = re.search(rf"^{re.escape(heading)}.*\n((?:(?!#+ ).*\n)*)", text + "\n", re.M)
    assert match, f"there is no heading {heading!r}"
    return match[1]


def first_cells(part: str) -> list[str]:
    """The names in the first cell of each row of a table, without back-ticks."""
    rows = re.findall(r"^\| (`[^|]*`) \|", part, re.M)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def results_paths(output_document: str) -> set[str]:
    """Every path of the results folder, with <sample> and <model>."""
    return set(first_cells(section(output_document, RESULTS)))


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of a language, without the indentation of lists."""
    code_blocks = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text, re.M | re.S)
    return [re.sub(rf"^{indent}", "", code, flags=re.M) for indent, code in code_blocks]


def commands(block: str) -> list[list[str]]:
    """The words of each command of a shell block, without here-documents and comments."""
    block = re.sub(r"<<'END'\n.*?^END$", "", block, flags=re.M | re.S).replace("\\\n", " ")
    lines = []
    for line in block.splitlines():
        words = shlex.shlex(line, posix=True, punctuation_chars=True)
        words.whitespace_split = True
        command: list[str] = []
        redirected = False
        for word in [*words, ";"]:
            if set(word) <= set("();|&"):
                lines.append(command)
                command = []
            elif redirected or set(word) <= set("<>"):
                redirected = not redirected
            elif command or word not in ("exec", "do", "then"):
                command.append(word)
    return [command for command in lines if command]


def parameters(command: list[str]) -> dict[str, str]:
    """The pipeline parameters of a command, as text; `...` is a placeholder for others."""
    pairs = zip(command, [*command[1:], "..."], strict=True)
    return {name[2:]: value for name, value in pairs if name.startswith("--") and value != "..."}
