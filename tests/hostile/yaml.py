"""Playbooks that are meant to overwhelm, to run something, or to be read as something else."""

from collections.abc import Iterator, Mapping
from typing import Final

_HEAD = "playbook: x\nwhen: {event: order.paid}\ndo:\n  - email: hello\n"
_LAUGHS = "".join(f"b{n}: &b{n} [{','.join(['*b' + str(n - 1)] * 9)}]\n" for n in range(1, 10))
_MERGES = "".join(f"m{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}]}}\n" for n in range(1, 22))
_RTL = "\u202eevil\u2066"


def _nested() -> Iterator[tuple[str, str | bytes]]:
    for depth in (33, 500, 5_000, 50_000, 200_000):
        for name, unit, end in (
            ("lists", "[", "]"),
            ("mappings", "{a: ", "}"),
            ("open lists", "[", ""),
            ("dashes", "- ", ""),
        ):
            yield f"{depth} {name}", f"a: {unit * depth}{end * depth}"
    yield "20,000 levels by indentation", "".join(" " * n + "a:\n" for n in range(1_400))
    yield "10,000 question marks", "? " * 10_000
    yield "a deep key", "{" * 60 + ": b"


def _large() -> Iterator[tuple[str, str | bytes]]:
    yield "a megabyte and more", "a: " + "x" * 1_100_000
    yield "two megabytes of spaces", " " * 2_000_000
    yield "a megabyte of newlines", "\n" * 1_040_000
    yield "100,000 keys", "".join(f"k{n}: 1\n" for n in range(70_000))
    yield "100,000 items", "a: [" + "1," * 100_000 + "]"
    yield "5,000 digits", _HEAD + f"priority: {'9' * 5_000}\n"
    yield "20,000 hexadecimal digits", _HEAD + f"priority: 0x{'f' * 20_000}\n"
    yield "an exponent without end", _HEAD + "priority: 1e999999999\n"
    yield "infinity", _HEAD + "priority: .inf\n"
    yield "not a number", _HEAD + "priority: .nan\n"
    yield "minus zero to the tenth", _HEAD + "priority: -0e10\n"
    yield "a length of ten thousand years", "playbook: x\nwhen: {event: order.paid}\ndo:\n  - wait: 10000 years\n"
    yield "a length of nothing", "playbook: x\nwhen: {event: order.paid}\ndo:\n  - wait: 0 seconds\n"
    yield "a length before nothing", "playbook: x\nwhen: {event: order.paid}\ndo:\n  - wait: -3 days\n"
    yield "a key of a hundred thousand letters", f"? {'k' * 100_000}\n: 1\n"
    yield "a condition of 10,000 brackets", _HEAD + f"if: ['{'(' * 10_000}customer.tier is gold']\n"
    yield "a condition of 10,000 negations", _HEAD + f"if: ['{'not ' * 10_000}customer.tier is gold']\n"
    yield "a condition of 10,000 parts", _HEAD + f"if: ['{' or '.join(['customer.tier is gold'] * 10_000)}']\n"
    yield "a pattern that explodes", _HEAD + "if: ['customer.first_name matches (a+)+$']\n"


def _meant_otherwise() -> Iterator[tuple[str, str | bytes]]:
    yield "an alias bomb", f"b0: &b0 [x]\n{_LAUGHS}"
    yield "a merge bomb", f"m0: &m0 {{a: 1}}\n{_MERGES}"
    yield "an alias of itself", "a: &a [*a]\n"
    yield "an alias of nothing", "a: *nothing\n"
    yield "a key twice", _HEAD + _HEAD
    yield "a merge", _HEAD + "<<: {limits: 1}\n"
    for tag in (
        "!!python/object/apply:os.system ['id']", "!!python/object/new:subprocess.Popen [[id]]", "!!python/name:os.system",
        "!!python/module:os", "!secret x", "!!binary aGk=", "!!set {a}", "!!timestamp 2026-01-01", "!<tag:evil> x", "! x",
        "!!js/function 'x'", "!!int 0x10",
    ):  # fmt: skip
        yield f"the tag {tag.split()[0]}", f"a: {tag}\n"
    yield "a second document", _HEAD + "---\n" + _HEAD
    yield "a directive", f"%YAML 1.1\n---\n{_HEAD}"
    yield "another directive", f"%TAG ! tag:evil,2026:\n---\n{_HEAD}"
    yield "a template without quotation marks", _HEAD + "title: {{ customer.first_name }}\n"
    yield "a path that leads out", "playbook: x\nwhen: {event: order.paid}\ndo:\n  - email: ../../../../etc/passwd\n"
    yield "a file as an address", "playbook: x\nwhen: {event: order.paid}\ndo:\n  - email: file:///etc/passwd\n"
    yield "a secret", _HEAD + "password: hunter2\n"
    yield "a quotation in a condition", _HEAD + "if: [\"customer.tier is '; DROP TABLE customers; --'\"]\n"
    yield "an expression of Python", _HEAD + "if: [\"__import__('os').system('id')\"]\n"
    yield "a zone of Mars", _HEAD + "send_window: 09:00-17:00 Mars/Base\n"


def _bytes() -> Iterator[tuple[str, str | bytes]]:
    yield "nothing", ""
    yield "NUL", b"a: b\0c\n"
    yield "only NUL", b"\0" * 1_000
    yield "UTF-16", "playbook: x\n".encode("utf-16")
    yield "UTF-32", "playbook: x\n".encode("utf-32")
    yield "Latin-1", "title: Bücher\n".encode("latin-1")
    yield "an overlong slash", b"a: \xc0\xaf\n"
    yield "half a surrogate", b"a: \xed\xa0\x80\n"
    yield "half a surrogate, escaped", 'a: "\\ud800"\n'
    yield "a bell", b"a: b\x07c\n"
    yield "an escape of terminals", b"a\x1b[2J: \x1b]0;evil\x07\n"
    yield "tabs", "playbook: x\nwhen:\n\tevent: order.paid\n"
    yield "text that runs to the left", f"playbook: '{_RTL}'\n"
    yield "a name of invisible letters", "playbook: 'a\u200b\u200db'\n"
    yield "lines of other alphabets", "playbook: x\u2028when: y\u0085do: z\n"
    yield "a gzip", b"\x1f\x8b\x08\x00" + bytes(range(256))
    yield "ELF", b"\x7fELF\x02\x01\x01" + bytes(64)
    yield "a quotation that never ends", 'a: "' + "x\n" * 5_000
    yield "a block that never ends", "a: |\n" + "  x\n" * 50_000 + "b"
    yield "brackets that never fit", "a: [" + "]" * 100 + "[" * 100


CORPUS: Final[Mapping[str, str | bytes]] = {
    **dict(_nested()),
    **dict(_large()),
    **dict(_meant_otherwise()),
    **dict(_bytes()),
}
