"""The offline verifier in the hands of somebody who has nothing else, and before a forger's own log."""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from audit.note import ED25519, SigningKey
from benchmarks.verifier import make
from evidence.exports.package import VERIFY_PY, sha256


def verdict(*words: str, cwd: Path) -> tuple[int, str]:
    """Without site-packages, settings of Python, environment or a folder with anything in it."""
    empty = cwd / "empty"
    empty.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFY_PY), *words],
        env={}, cwd=empty, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def forged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that is whole in itself, made by somebody with a log and a key of their own."""
    path = tmp_path_factory.mktemp("forged") / "export.zip"
    make(path, 1 / 128)
    return path


def test_a_forgers_package_is_whole_in_itself_and_fails_by_the_agencys_key(
    forged: Path, tmp_path: Path
) -> None:
    code, words = verdict(str(forged), cwd=tmp_path)
    assert code == 0, words
    assert "NOT COMPARED: the log's key came with the package" in words.splitlines()[-2]

    agencys = str(SigningKey.generate("watchlight.example/log", ED25519).verifier)
    code, words = verdict(str(forged), "--log-key", agencys, cwd=tmp_path)
    assert code == 1
    assert "data/trust.txt: the log's key in this package is not the key that you gave" in words
    assert "DOES NOT VERIFY" in words

    # The same name does not help, and neither does the agency's key with a signature of the forger's.
    same_name = str(SigningKey.generate("benchmark.example/log", ED25519).verifier)
    assert verdict(str(forged), "--log-key", same_name, cwd=tmp_path)[0] == 1
    code, words = verdict(str(bearing(forged, same_name, tmp_path)), "--log-key", same_name, cwd=tmp_path)
    assert code == 1
    assert "did not sign the checkpoint" in words


def bearing(package: Path, key: str, folder: Path) -> Path:
    """The package with another key in its trust list, and the lists that hold no signature made anew."""
    with zipfile.ZipFile(package) as bag:
        files = {name.split("/", 1)[1]: bag.read(name) for name in bag.namelist()}
    files["data/trust.txt"] = f"log {key}\nquorum none\n".encode()
    for names, tag in (("manifest-sha256.txt", False), ("tagmanifest-sha256.txt", True)):
        listed = [line.partition("  ")[2] for line in files[names].decode().splitlines()]
        assert tag == ("bagit.txt" in listed)
        files[names] = "".join(f"{sha256(files[name])}  {name}\n" for name in listed).encode()
    path = folder / "bearing.zip"
    with zipfile.ZipFile(path, "w") as bag:
        for name, content in files.items():
            bag.writestr(f"export/{name}", content)
    return path


def test_with_the_right_key_it_says_so_and_a_key_that_is_none_is_named_as_that(
    forged: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(io.BytesIO(forged.read_bytes())) as bag:
        key = bag.read("export-benchmark/data/trust.txt").decode().split()[1]
    code, words = verdict("--log-key", key, str(forged), cwd=tmp_path)
    assert code == 0, words
    assert f"The log's key is the one that you gave:\n   {key}" in words
    assert "NOT COMPARED" not in words
    for nonsense in ("x", "a+b", "a+b+c", key[:-3], "watchlight.example/log+zz+AAAA"):
        code, words = verdict("--log-key", nonsense, str(forged), cwd=tmp_path)
        assert (code, "the key that you gave is not a log's key" in words) == (1, True), (nonsense, words)
    for usage in (["--log-key"], [], [str(forged), "--log-key"], [str(forged), "--log-key", ""]):
        code, words = verdict(*usage, cwd=tmp_path)
        assert (code, "Traceback" in words) == (2, False), usage


def test_it_needs_nothing_but_the_standard_library_of_python_3_9() -> None:
    tree = ast.parse(VERIFY_PY.read_text(), feature_version=(3, 9))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [each.name for each in node.names] if isinstance(node, ast.Import)
            else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        )
    }  # fmt: skip
    assert imported
    assert imported <= set(sys.stdlib_module_names)
