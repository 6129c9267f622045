"""Every fault of the catalogue has its proofs, and each proof is there."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.faults.catalogue import CATALOGUE, INVARIANTS, Fault

TESTS = Path(__file__).parents[1]


@cache
def _functions(file: Path) -> frozenset[str]:
    return frozenset(node.name for node in ast.parse(file.read_bytes()).body if isinstance(node, ast.FunctionDef))


def _stands(proof: str) -> bool:
    name, _, what = proof.partition("::")
    file = TESTS / name
    if not file.is_file():
        return False
    if file.suffix == ".py":
        return file.name.startswith("test_") and what.startswith("test_") and what in _functions(file)
    return file.parent == TESTS / "workspace" / "err" and what in file.read_text("utf-8")


def test_every_number_is_there() -> None:
    assert sorted(CATALOGUE) == list(range(1, 113))
    assert sorted(INVARIANTS) == [f"I{number}" for number in range(24, 31)]


@pytest.mark.parametrize(("number", "fault"), [*CATALOGUE.items(), *INVARIANTS.items()])
def test_a_fault_has_its_proofs(number: int | str, fault: Fault) -> None:
    assert fault.text
    assert fault.proofs
    assert [proof for proof in fault.proofs if not _stands(proof)] == [], number


def test_a_proof_that_is_not_there_is_found_out() -> None:
    assert not _stands("test_deploy.py::test_nothing_of_the_sort")
    assert not _stands("test_nowhere.py::test_people_finish_the_version_they_began_with")
    assert not _stands("workspace/err/cron.out::no such words")
