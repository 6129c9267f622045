"""A mail relay for tests that misbehaves on order: it refuses, stalls or drops at the step that a test names."""

from collections.abc import Callable

from engine.channels.sink import Received, Session, Sink

STALL = "never answers"
DROP = "drops the connection"


class Relay:
    """Answers of a step are used up from the left, then it behaves. Steps: `greeting`, `MAIL`, `RCPT`, `DATA`, `.`"""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = {step.replace("dot", "."): list(lines) for step, lines in answers.items()}
        self.mails: list[Received] = []
        self.commands: list[str] = []
        self.connections = 0
        self._sink = Sink(self.mails.append, session=self._session)

    @property
    def port(self) -> int:
        return self._sink.port

    def __enter__(self) -> "Relay":
        self._sink.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._sink.__exit__(None, None, None)

    def _session(self, receive: Callable[[Received], None]) -> "_Moody":
        return _Moody(receive, self)


class _Moody(Session):
    def __init__(self, receive: Callable[[Received], None], relay: Relay) -> None:
        super().__init__(receive)
        self.relay = relay

    def greet(self) -> None:
        self.relay.connections += 1
        if not self._moody("greeting"):
            super().greet()

    def command(self, verb: str, rest: str) -> None:
        self.relay.commands.append(verb)
        if not self._moody(verb):
            super().command(verb, rest)

    def content(self, mail: Received) -> None:
        answers = self.relay.answers.get(".")
        if answers and not answers[0].startswith(("4", "5")):  # taken, but the sender does not hear of it
            self.receive(mail)
        if not self._moody("."):
            super().content(mail)

    def _moody(self, step: str) -> bool:
        answers = self.relay.answers.get(step)
        if not answers:
            return False
        answer = answers.pop(0)
        if answer == DROP:
            self.transport.abort()
        elif answer != STALL:
            self.reply(answer)
        if answer.startswith("421"):
            self.transport.close()
        return True
