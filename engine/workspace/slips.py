"""What people write out of habit where the language has another word, and keys that stand in the wrong place."""

from collections.abc import Collection, Mapping

from engine.source.near import near
from engine.workspace.schema import KINDS

#: The word of the language, by the part of a file and what people write there.
_WORDS: Mapping[str, Mapping[str, str]] = {
    "playbook": {
        "id": "playbook",
        "name": "title",
        "trigger": "when",
        "triggers": "when",
        "on": "when",
        "start": "when",
        "steps": "do",
        "actions": "do",
        "then": "do",
        "where": "if",
        "filter": "if",
        "condition": "if",
        "conditions": "if",
        "segment": "if",
        "exit": "stop_when",
        "exit_when": "stop_when",
        "until": "stop_when",
        "pause_while": "suspend_while",
        "quiet_hours": "send_window",
        "limit": "at_most",
        "frequency": "cap",
        "frequency_cap": "cap",
        "control_group": "holdout",
        "category": "topic",
    },
    "step": {
        "sleep": "wait",
        "delay": "wait",
        "pause": "wait",
        "mail": "email",
        "send": "email",
        "send_email": "email",
        "text": "sms",
        "push": "chat",
        "wechat": "chat",
        "line": "chat",
        "whatsapp": "chat",
        "telegram": "chat",
        "coupon": "voucher",
        "code": "voucher",
        "call": "task",
        "todo": "task",
        "branch": "choose",
        "switch": "choose",
        "when": "choose",
        "if": "choose",
        "ab_test": "split",
        "loop": "repeat",
        "update": "set",
        "end": "stop",
        "exit": "stop",
        "alert": "notify",
        "approval": "approve",
        "post": "webhook",
        "grant": "points",
    },
    "branch": {"then": "do", "otherwise": "else", "when": "if", "if": "when", "wait": "after"},
    "`when`": {"on": "event", "trigger": "event", "birthday": "anniversary", "segment": "enters"},
}
#: Where a key belongs that stands in another place.
_ELSEWHERE: Mapping[tuple[str, str], str] = {
    ("step", "at"): "wait for the hour in a step of its own:  - wait_until: …  with  at: 10:00",
    ("step", "language"): "leave it out: each customer gets the text of his own language",
    ("step", "url"): "the address stands in settings/regulars.yaml, under  channels: webhooks:",
    ("step", "subject"): "the subject stands in the front matter of the message",
    ("`when`", "if"): "put it at the margin: `if` stands beside `when`",
    ("`when`", "enter"): "put it at the margin: `enter` stands beside `when`",
    ("webhook", "allow_inside"): "it is said of all of them: put `allow_inside` under  channels:",
    (
        "`delivery`",
        "render_processes",
    ): "it is said of the whole shop: put it under `delivery:` in settings/regulars.yaml",
    ("`email`", "unsubscribe_url"): "the link to leave is made of  web: url:",
    ("playbook", "timezone"): "leave it out: hours are those of the customer's own clock",
    ("playbook", "language"): "leave it out: each customer gets the text of his own language",
}

#: Letters from which on a key that is near another one is more likely misspelt than meant for a step of its own.
_LONG = 4


def slip(part: str, key: str, words: Collection[str], taken: bool) -> tuple[str, ...]:
    """The help for a key that is another word here, or belongs elsewhere; none where nothing is known of it.

    `words` may stand there; where one of several is `taken`, another one begins a step of its own.
    """
    place = _ELSEWHERE.get((part, key)) or _top_or_step(part, key)
    if place is not None:
        return (place,)
    word = _WORDS.get(part, {}).get(key.lower().replace("-", "_").replace(" ", "_"))
    if word is None:
        return ()
    if part == "step" and taken and (len(key) < _LONG or near(key, words) is None):
        return (f"start a new step:  - {word}: ...",)
    return (f"did you mean `{word}`?",) if word in words else ()


def _top_or_step(part: str, key: str) -> str | None:
    """Keys of the whole playbook in a step, and steps at the margin."""
    playbook = KINDS["playbook"]()
    if part == "step" and key in playbook["properties"] and key not in ("if", "when", "do", "at_most"):
        return f"it is said of the whole playbook: put `{key}` at the margin"
    if part == "playbook" and key in playbook["$defs"]["step"]["dependentSchemas"]:
        return f"steps stand under `do:`, as  - {key}: ..."
    return None
