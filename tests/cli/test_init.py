"""A new workspace is right and tested from the first minute, and nothing is ever written over."""

from pathlib import Path

from click.testing import CliRunner

from engine.cli import main


def test_a_new_workspace_validates_and_its_tests_pass(tmp_path: Path) -> None:
    folder = str(tmp_path / "shop")
    for arguments in (["init", folder], ["validate", "--strict", folder], ["test", folder]):
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.output


def test_every_file_names_a_schema_that_is_there(tmp_path: Path) -> None:
    CliRunner().invoke(main, ["init", str(tmp_path / "shop")])
    for path in (tmp_path / "shop").rglob("*.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema=")
        assert (path.parent / first.partition("=")[2]).resolve().is_file(), path


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("mine")
    result = CliRunner().invoke(main, ["init", str(tmp_path)])
    assert result.exit_code == 1 and "exists already" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["own.txt"]
