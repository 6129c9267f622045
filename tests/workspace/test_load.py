"""Loading: every sound playbook is used whatever stands beside it, and a revision says what a playbook says."""

import os
from fractions import Fraction
from pathlib import Path

import pytest

from engine.clocks.times import Length
from engine.clocks.windows import WeekWindow
from engine.settings.literals import Limit
from engine.workspace import Playbook, load, load_texts
from tests.workspace.test_gallery import HERE, files_of

BASE = files_of(HERE / "base")
HELLO = "playbook: hello\nwhen:\n  event: order.paid\ndo:\n  - email: purchase-voucher\n"


def one(text: str, **more: str) -> Playbook:
    workspace = load_texts({**BASE, "hello.yaml": text, **more})
    assert workspace.problems == ()
    return workspace.playbooks["hello"]


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def test_the_examples_have_no_problems() -> None:
    workspace = load(HERE.parent.parent / "playbooks")
    assert workspace.problems == ()
    assert len(workspace.playbooks) >= 13


def test_what_is_not_said_has_its_default() -> None:
    playbook = one(HELLO)
    assert (playbook.title, playbook.status, playbook.purpose, playbook.if_running) == (
        "hello",
        "active",
        "marketing",
        "ignore",
    )
    assert playbook.enter is None
    assert playbook.holdout == 0
    assert playbook.goal is None
    assert playbook.stop_when == ()


def test_what_is_said_is_kept() -> None:
    playbook = one(
        "playbook: hello\ntitle: 0123\nowner: +861380000\nstatus: draft\npurpose: transactional\ntopic: offers\n"
        "send_window: 09:00-21:00\nenter: once per 30 days\nif_running: restart\nholdout: 12.5%\n"
        "goal: {event: order.paid, within: 30 days, where: event.total >= 5}\n"
        "stop_when:\n  - gift.redeemed_at is not empty\n  - event: order.paid\n    where: it.total >= 10\n"
        "when:\n  event: order.paid\ndo:\n  - voucher: 30-off\n    as: gift\n    expires: 5 days\n  - email: purchase-voucher\n"
    )
    assert (playbook.title, playbook.owner) == ("0123", "+861380000")
    assert playbook.send_window == WeekWindow.parse("09:00-21:00")
    assert playbook.enter == Limit(1, Length(30, "day"))
    assert playbook.holdout == Fraction(1, 8)
    assert playbook.goal is not None
    assert str(playbook.goal.where) == "event.total >= 5"
    assert [stop.text for stop in playbook.stop_when] == ["gift.redeemed_at is not empty", "event order.paid"]
    assert str(playbook.stop_when[1].where) == "it.total >= 10"


def test_a_broken_playbook_never_stops_the_others(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            **BASE,
            "hello.yaml": HELLO,
            "broken.yaml": "do: [",
            "worse.yaml": HELLO.replace("hello", "worse") + "    at: 9\n",
        },
    )
    workspace = load(root)
    assert list(workspace.playbooks) == ["hello"]
    assert {Path(problem.place.file).name for problem in workspace.problems} == {"broken.yaml", "worse.yaml"}


def test_broken_settings_leave_no_playbooks() -> None:
    workspace = load_texts({**BASE, "settings/regulars.yaml": "brand: 5", "hello.yaml": HELLO})
    assert workspace.settings is None
    assert workspace.playbooks == {}
    assert load_texts({"hello.yaml": HELLO}).problems[0].rule == "missing-file"


def test_a_pinned_playbook_can_be_read_again_from_its_own_files() -> None:
    playbook = one(HELLO)
    assert set(playbook.files) == {"hello.yaml", "messages/purchase-voucher/en.md"}
    again = load_texts({"settings/regulars.yaml": BASE["settings/regulars.yaml"], **playbook.files})
    assert again.playbooks["hello"].revision == playbook.revision


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (HELLO + "# a comment\n", True),
        (HELLO.replace("event: order.paid", "{event: order.paid}").replace("\n  {", " {"), True),
        (HELLO.replace("order.paid", "order.placed"), False),
        (HELLO + "    id: first\n", False),
    ],
)
def test_a_revision_is_of_what_is_said_not_of_how(text: str, same: bool) -> None:
    assert (one(text).revision == one(HELLO).revision) is same


def test_a_revision_changes_with_its_messages() -> None:
    other = {"messages/purchase-voucher/en.md": BASE["messages/purchase-voucher/en.md"] + "More.\n"}
    assert load_texts({**BASE, **other, "hello.yaml": HELLO}).playbooks["hello"].revision != one(HELLO).revision
    elsewhere = {"messages/cart-reminder/en.md": BASE["messages/cart-reminder/en.md"] + "More.\n"}
    assert load_texts({**BASE, **elsewhere, "hello.yaml": HELLO}).playbooks["hello"].revision == one(HELLO).revision
    assert len(one(HELLO).revision) == 12


def test_a_file_that_leads_out_of_the_workspace_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text(HELLO, "utf-8")
    root = write(tmp_path / "shop", BASE)
    (root / "hello.yaml").symlink_to(outside)
    workspace = load(root)
    assert [problem.rule for problem in workspace.problems] == ["outside"]
    assert workspace.playbooks == {}


def test_another_ending_is_said_not_passed_over(tmp_path: Path) -> None:
    root = write(tmp_path, {**BASE, "hello.yml": HELLO})
    (problem,) = load(root).problems
    assert (problem.rule, problem.severity, problem.helps) == ("file-name", "warning", ("rename it to hello.yaml",))


def test_a_folder_that_cannot_be_read_as_a_file(tmp_path: Path) -> None:
    root = write(tmp_path, {**BASE, "hello.yaml": HELLO})
    (root / "folder.yaml").mkdir()
    workspace = load(root)
    assert [problem.rule for problem in workspace.problems] == ["unreadable"]
    assert list(workspace.playbooks) == ["hello"]


def test_what_can_never_be_read_is_said_and_not_waited_for(tmp_path: Path) -> None:
    root = write(tmp_path, {**BASE, "hello.yaml": HELLO})
    os.mkfifo(root / "pipe.yaml")
    (root / "loop.yaml").symlink_to("loop.yaml")
    workspace = load(root)
    assert [(Path(one.place.file).name, one.rule) for one in workspace.problems] == [
        ("loop.yaml", "unreadable"),
        ("pipe.yaml", "unreadable"),
    ]
    assert list(workspace.playbooks) == ["hello"]


def test_places_are_named_from_where_the_workspace_was_named(tmp_path: Path) -> None:
    root = write(tmp_path, {**BASE, "hello.yaml": "do: ["})
    assert load(root).problems[0].place.file == f"{root.as_posix()}/hello.yaml"
    assert load_texts({**BASE, "hello.yaml": "do: ["}).problems[0].place.file == "hello.yaml"
