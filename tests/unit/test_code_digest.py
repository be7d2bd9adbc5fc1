"""What -resume hashes of the library: `codeDigest` follows imports, and files named in quotes."""

from pathlib import Path


def test_every_file_that_is_no_module_is_named_by_a_module_beside_it(repository: Path) -> None:
    library = repository / "bin/deepregfinder"
    files = {
        path
        for path in library.rglob("*")
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
    }
    digested = {
        file
        for module in library.rglob("*.py")
        for file in files
        if module.parent in file.parents
        and f'"{file.relative_to(module.parent).parts[0]}"' in module.read_text()
    }
    assert len(files) > 10
    assert digested == files
