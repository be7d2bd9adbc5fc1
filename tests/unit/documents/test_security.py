"""What docs/security.md promises of the code: data is not run, unpacked or given to a shell."""

import ast
from pathlib import Path

import pytest

# Functions, and attributes of modules, by which data could become code or files elsewhere.
FORBIDDEN = {
    *("eval", "exec", "compile", "__import__"),
    *("pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"),
    *("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"),
    *("torch.load", "yaml.load", "pandas.read_pickle", "pd.read_pickle"),
    *("extractall", "unpack_archive"),
}


def used(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=modules):
                names |= {module.name.partition(".")[0] for module in modules}
            case ast.ImportFrom(module=str(module)):
                names.add(module.partition(".")[0])
            case ast.Call(func=ast.Name(id=name)):
                names.add(name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)):
                names |= {f"{owner}.{name}", name} - {"eval", "compile"}
            case ast.keyword(arg="shell" | "allow_pickle", value=ast.Constant(value=True)):
                names.add("shell or allow_pickle")
    return names


def test_no_data_becomes_code(repository: Path) -> None:
    paths = [*(repository / "bin").rglob("*.py"), *(repository / "tools").rglob("*.py")]
    assert len(paths) > 100
    names_used = {str(path): used(ast.parse(path.read_text())) for path in paths}
    bad = FORBIDDEN | {"shell or allow_pickle"}
    assert {path: names & bad for path, names in names_used.items() if names & bad} == {}


@pytest.mark.parametrize(
    "code",
    [
        "import pickle", "from joblib import load", "eval(text)", "torch.load(path)",
        "zipped.extractall(folder)", "subprocess.run(text, shell=True)",
        "np.load(path, allow_pickle=True)",
    ],
)  # fmt: skip
def test_the_search_finds_it(code: str) -> None:
    assert used(ast.parse(code)) & (FORBIDDEN | {"shell or allow_pickle"})
