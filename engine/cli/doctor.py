"""regulars doctor: everything that delivery rests on, looked at once, with what to do."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click

from engine.addresses import parse_address
from engine.cli.options import read_workspace, store_as_it_is, store_option, workspace_option
from engine.daemon import clock
from engine.doctor import Finding, Patient, examine

_MARKS: Mapping[str, str] = {"ok": "ok", "warn": "warn", "fault": "FAULT"}


@click.command("doctor")
@click.option("--offline", is_flag=True, help="Ask nobody but the database.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
@click.option("--send-to", metavar="ADDRESS", help="Send one mail there, to be looked at where it arrives.")
@workspace_option
@store_option
def command(offline: bool, as_json: bool, send_to: str | None, folder: Path, store: str) -> None:
    """Look at what delivery rests on: the database and its durability, the disk, the clock, the secrets, the pages, the
    relay, and what DNS says of the sender (SPF, DKIM, DMARC, MX, PTR). Each line says what was seen and what to do.

    Nothing is changed, and nothing sent but with --send-to. Ends with 1 where there is a fault.
    """
    if offline and send_to is not None:
        raise click.UsageError(
            "a mail goes over the relay, which is not asked offline; leave out  --offline  or  --send-to"
        )
    workspace = read_workspace(folder, strict=False)
    assert workspace.settings is not None
    marketing = any(playbook.purpose == "marketing" for playbook in workspace.playbooks.values())
    patient = Patient(
        workspace.settings, store_as_it_is(store), os.environ, clock, marketing, send_to=_address(send_to)
    )
    findings = []
    for one in examine(patient, offline=offline):
        findings.append(one)
        if not as_json:
            _say(one)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in findings], ensure_ascii=False, indent=1))
    sys.exit(any(one.level == "fault" for one in findings))


def _address(text: str | None) -> str | None:
    try:
        return parse_address(text) if text is not None else None
    except ValueError as fault:
        raise click.ClickException(str(fault)) from fault


def _say(one: Finding) -> None:
    click.echo(f"{_MARKS[one.level]:<6}{one.check:<10}{one.seen}")
    if one.advice:
        click.echo(f"{'':<16}-> {one.advice}")
