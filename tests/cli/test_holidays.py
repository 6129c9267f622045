"""regulars holidays: the next days, written down, and compared."""

from pathlib import Path

from click.testing import CliRunner

from engine.cli import main
from tests.shop import SETTINGS

PLAYBOOK = "playbook: feast\nwhen: {holiday: mid-autumn, lead: 7 days}\ndo: [tag: greeted]\n"


def _workspace(folder: Path) -> Path:
    (folder / "settings").mkdir()
    (folder / "settings" / "regulars.yaml").write_text(SETTINGS, "utf-8")
    (folder / "feast.yaml").write_text(PLAYBOOK, "utf-8")
    return folder


def test_the_days_of_each_country_are_shown_and_written_down(tmp_path: Path) -> None:
    folder = str(_workspace(tmp_path))
    shown = CliRunner().invoke(main, ["holidays", "-w", folder, "--write"])
    assert shown.exit_code == 0
    assert [line.split()[0] for line in shown.output.splitlines()[:5]] == ["mid-autumn", "CN", "KR", "TW", "everywhere"]
    assert CliRunner().invoke(main, ["holidays", "-w", folder, "--check"]).exit_code == 0
    assert CliRunner().invoke(main, ["validate", folder]).exit_code == 0


def test_a_day_that_moved_fails_the_check_and_the_validation(tmp_path: Path) -> None:
    folder = _workspace(tmp_path)
    (folder / "settings" / "holiday-dates.yaml").write_text("mid-autumn:\n  KR: [2027-09-16]\n", "utf-8")
    checked = CliRunner().invoke(main, ["holidays", "-w", str(folder), "--check"])
    assert checked.exit_code == 1
    assert "was on 2027-09-16 when this was written down; now it is on 2027-09-15" in checked.output
    assert CliRunner().invoke(main, ["validate", str(folder)]).exit_code == 1


def test_without_such_playbooks_it_says_so(tmp_path: Path) -> None:
    folder = _workspace(tmp_path)
    (folder / "feast.yaml").unlink()
    shown = CliRunner().invoke(main, ["holidays", "-w", str(folder)])
    assert "no playbook begins with a holiday" in shown.output
    assert "lunar-new-year" in CliRunner().invoke(main, ["holidays", "-w", str(folder), "--all"]).output


def test_where_there_is_nothing_to_write_what_was_written_stays(tmp_path: Path) -> None:
    folder = _workspace(tmp_path)
    (folder / "feast.yaml").unlink()
    file = folder / "settings" / "holiday-dates.yaml"
    nothing = CliRunner().invoke(main, ["holidays", "-w", str(folder), "--write"])
    assert nothing.exit_code == 0 and "is left as it was" in nothing.output
    assert not file.exists()
    CliRunner().invoke(main, ["holidays", "-w", str(folder), "--all", "--write"])
    before = file.read_text("utf-8")
    CliRunner().invoke(main, ["holidays", "-w", str(folder), "--write"])
    assert file.read_text("utf-8") == before
    assert CliRunner().invoke(main, ["validate", str(folder)]).exit_code == 0


def test_a_check_writes_nothing(tmp_path: Path) -> None:
    folder = _workspace(tmp_path)
    both = CliRunner().invoke(main, ["holidays", "-w", str(folder), "--check", "--write"])
    assert both.exit_code == 2 and "check first, then write" in both.output
    assert not (folder / "settings" / "holiday-dates.yaml").exists()
