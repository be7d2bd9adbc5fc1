#!/usr/bin/env python3
"""Print a script with which bash completes the parameters of this pipeline.

source <(tools/completion.py)

Names of parameters and listed values are those of nextflow_schema.json. They are completed after
`nextflow run` with main.nf of this pipeline, or a repository named deepregfinder-nf. Anything else
is completed as names of files, as without this script.
"""

import argparse
import json
from pathlib import Path

SCHEMA = Path(__file__).resolve().parents[1] / "nextflow_schema.json"
SCRIPT = """\
_deepregfinder() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} offered=''
    local code=${COMP_WORDS[2]:-}
    COMPREPLY=()
    [ "${COMP_WORDS[1]:-}" = run ] && [ "$COMP_CWORD" -gt 2 ] || return 0
    case $code in
        deepregfinder-nf | */deepregfinder-nf) ;;
        *) grep -qs '"deepregfinder-nf/' "$(dirname -- "$code")/nextflow_schema.json" || return 0 ;;
    esac
    case $before in
VALUES
        *) [[ $word != --* ]] || offered='NAMES' ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$word")
}
complete -o default -F _deepregfinder nextflow tools/nextflow
"""


def choices(rule: dict) -> list[str]:
    """The values that a parameter can have, if they are listed."""
    listed = ["true", "false"] if rule["type"] == "boolean" else rule.get("enum", [])
    return list(map(str, listed))


def script(rules: dict[str, dict]) -> str:
    values = [
        f"        --{name}) offered='{' '.join(choices(rule))}' ;;"
        for name, rule in rules.items()
        if choices(rule)
    ]
    names = " ".join(f"--{name}" for name in rules)
    return SCRIPT.replace("VALUES", "\n".join(values)).replace("NAMES", names)


if __name__ == "__main__":
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    groups = json.loads(SCHEMA.read_text())["$defs"].values()
    print(script({name: rule for group in groups for name, rule in group["properties"].items()}))
