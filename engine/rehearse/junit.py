"""Results as JUnit XML, which CI servers read."""

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from engine.rehearse.suite import Outcome

#: What XML 1.0 cannot hold.
_UNSEEN = {code: None for code in range(32) if code not in (9, 10, 13)}


def junit(outcomes: Sequence[Outcome]) -> str:
    """One suite for each file, one case for each test; a file that cannot be read is a case that failed."""
    files = list(dict.fromkeys(outcome.file for outcome in outcomes))
    suites = "".join(_suite(file, [one for one in outcomes if one.file == file]) for file in files)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{suites}</testsuites>\n'


def _suite(file: str, outcomes: Sequence[Outcome]) -> str:
    failed = sum(not outcome.passed for outcome in outcomes)
    cases = "".join(_case(outcome) for outcome in outcomes)
    return f'  <testsuite name={quoteattr(file)} tests="{len(outcomes)}" failures="{failed}">\n{cases}  </testsuite>\n'


def _case(outcome: Outcome) -> str:
    head = f"    <testcase classname={quoteattr(outcome.file)} name={quoteattr(outcome.name)}"
    if outcome.passed:
        return f"{head}/>\n"
    told = escape(outcome.told.translate(_UNSEEN))
    return f'{head}>\n      <failure message="not as expected">{told}</failure>\n    </testcase>\n'
