"""A press: one child process that writes messages, as the engine sees it. It is replaced when a message ends it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from fcntl import fcntl
from pathlib import Path

from engine.failpoints import reach
from engine.render import limits, wire
from engine.render.job import Job, Refused, Written
from engine.render.limits import Beyond
from engine.render.template import Content

#: Jobs are put into bytes so far ahead of what the pipe takes.
_AHEAD = 64 * 2**10
#: What pipes hold, where the system lets them: mails of half a second, written while the engine does something else.
_PIPE = 2**20
_READ = 2**20
_F_SETPIPE_SZ = 1031
#: Seconds that a start may take on a machine that has much else to do.
_START = 60.0
#: So often it is seen that a silent child computes, before that is not believed any longer.
_MOST_LOOKS = 40
#: A press that has learnt so many texts is replaced, so that what it keeps of them does not grow for ever.
_MOST_TEXTS = 500
#: So many messages of a text may end a press within one batch; those that follow are not tried.
_MOST_ENDED = 3
_BEGIN = "import sys; sys.path.insert(0, sys.argv[1]); from engine.render.child import main; main()"
_ROOT = str(Path(__file__).resolve().parents[2])
#: What Python itself may need to find its libraries. Nothing else of the environment goes over.
_ENVIRONMENT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class CannotWrite(Exception):
    """There is no process that writes messages, and why; the messages are as they were."""


@dataclass(eq=False)
class Task:
    """A job on its way. What a text did to presses is known to all tasks of its batch."""

    job: Job
    ended: dict[str, list[str]]  # by text: what its messages were refused for when they ended a press
    result: Written | Refused | CannotWrite | None = None
    tried: int = 0


@dataclass(eq=False)
class Press:
    """Takes tasks in order and gives each its result. Nothing here waits: whoever does polls `source` and `sink`."""

    queue: deque[Task] = field(default_factory=deque)  # not yet handed over
    waiting: deque[Task] = field(default_factory=deque)  # handed over; the first one is being written
    since: float = 0.0  # when the child was last heard of, while somebody listened
    ready: bool = False
    _child: subprocess.Popen[bytes] | None = None
    _out: bytearray = field(default_factory=bytearray)
    _frames: wire.Frames = field(default_factory=lambda: wire.Frames(4 * limits.LONGEST))
    _texts: dict[str, int] = field(default_factory=dict)
    _fresh: bool = True  # it has written nothing yet
    _failed_starts: int = 0
    _looks: int = 0  # how often the child was looked at since it was heard of, and what it had computed then
    _seen: int = 0

    @property
    def busy(self) -> bool:
        """Whether it has anything to do."""
        return bool(self.queue or self.waiting)

    @property
    def pid(self) -> int | None:
        """The child's."""
        return self._child.pid if self._child is not None else None

    @property
    def sink(self) -> int | None:
        """Where it can be written to, when there is anything to write."""
        pipe = self._child.stdin if self._child is not None and (self._out or self.queue) else None
        return pipe.fileno() if pipe is not None else None

    @property
    def source(self) -> int:
        """Where it answers."""
        assert self._child is not None and self._child.stdout is not None
        return self._child.stdout.fileno()

    def left(self, now: float) -> float:
        """The seconds for which it may still be silent."""
        return self.since + (limits.SECONDS / 2 if self.ready else _START) - now

    # --- There ------------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts the child where there is none. Raises `CannotWrite`."""
        if self._child is not None:
            return
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        try:
            self._child = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-c", _BEGIN, _ROOT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd="/",
                bufsize=0,
            )
        except OSError as fault:
            raise CannotWrite(f"the process that writes messages does not start: {fault.strerror or fault}") from None
        for pipe in (self._child.stdin, self._child.stdout):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            _widen(pipe.fileno())
        self.ready, self._fresh, self._looks = False, True, 0
        self._texts, self._out = {}, bytearray()
        self._frames = wire.Frames(4 * limits.LONGEST)
        self.since = time.monotonic()

    def fill(self) -> None:
        """Hands over as much as the pipe takes."""
        assert self._child is not None and self._child.stdin is not None
        while self.queue or self._out:
            while self.queue and len(self._out) < _AHEAD:
                self._hand_over(self.queue.popleft())
            try:
                sent = os.write(self._child.stdin.fileno(), self._out)
            except (BlockingIOError, BrokenPipeError):  # one that has ended is met where it answers
                break
            del self._out[:sent]
        if self.waiting:
            reach("render.sent")

    def _hand_over(self, task: Task) -> None:
        template = task.job.template
        if len(ended := task.ended.get(template.key, [])) >= _MOST_ENDED:
            task.result = Refused(f"{ended[0]}, as it did for {_MOST_ENDED} others just before")
            return
        number = self._texts.get(template.key, len(self._texts))
        try:
            job = wire.frame(wire.JOB, wire.dumped(task.job.packed(number)))
        except (ValueError, TypeError, OverflowError) as fault:
            task.result = Refused(f"{template.message.id}/{template.message.language}: {fault}")
            return
        if number == len(self._texts):
            self._texts[template.key] = number
            self._out += wire.frame(wire.TEXT, wire.dumped_message(template.message))
        self._out += job
        self.waiting.append(task)

    # --- And back ---------------------------------------------------------------------------------------------------------

    def drain(self) -> None:
        """Takes the answers that are there. Raises `CannotWrite`."""
        try:
            more = os.read(self.source, _READ)
        except BlockingIOError:
            return
        self.since, self._looks = time.monotonic(), 0
        if not more:
            self._ended()
            return
        try:
            for kind, payload in self._frames.feed(more):
                self._take(kind, payload)
                if self._child is None:  # what follows comes from one that is no more
                    return
        except (ValueError, TypeError, IndexError, RecursionError):
            self._replace(limits.TOO_WRONG, certain=False)
        if len(self._texts) >= _MOST_TEXTS and not self.waiting and not self._out:
            self.close()

    def _take(self, kind: bytes, payload: bytes) -> None:
        """One answer, which is looked at as anything that comes from outside."""
        if kind == wire.READY and not self.ready:
            self.ready, self._failed_starts = True, 0
            reach("render.child")
        elif kind == wire.BUSY:
            self._replace(limits.TOO_BUSY, certain=True)
        elif kind == wire.LARGE:
            # Where others were written before, it may have been they who filled the memory.
            self._replace(limits.TOO_LARGE, certain=self._fresh)
        else:
            self.waiting[0].result = _result(kind, payload)
            self.waiting.popleft()
            self._fresh = False

    def _ended(self) -> None:
        """The child is gone by itself."""
        assert self._child is not None
        if self.ready:
            busy = self._child.wait() == -signal.SIGXCPU
            self._replace(limits.TOO_BUSY if busy else limits.TOO_WRONG, certain=busy)
            return
        code = self._child.wait()
        self.close()
        self._failed_starts += 1
        if self._failed_starts > 1:
            self._failed_starts = 0
            how = f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"
            raise CannotWrite(f"the process that writes messages does not start: it {how}")

    def silent(self) -> None:
        """It has not been heard of for too long. Raises `CannotWrite`."""
        if not self.ready:
            self.close()
            raise CannotWrite(
                f"the process that writes messages does not start: nothing was heard of it for {_START:g} s"
            )
        computed = self._computed()
        if self._looks == 0 or (computed > self._seen and self._looks < _MOST_LOOKS):
            self._looks, self._seen, self.since = self._looks + 1, computed, time.monotonic()
            return
        self._replace(limits.TOO_SLOW, certain=False)

    def _computed(self) -> int:
        """What the child computed, where the system tells: one that does ends itself in time, on a busy machine later."""
        try:
            return int(Path(f"/proc/{self.pid}/schedstat").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return 0

    def _replace(self, how: str, *, certain: bool) -> None:
        """Ends the child. The first message that it did not answer is refused, or tried once more where that is unsure.

        Whatever else it had goes on in the next one.
        """
        if self.waiting:
            task = self.waiting[0]
            task.tried += 1
            if certain or task.tried > 1:
                self.waiting.popleft()
                template = task.job.template
                reason = str(Beyond(template.message, how))
                task.result = Refused(reason)
                task.ended.setdefault(template.key, []).append(reason)
        self.close()

    def close(self) -> None:
        """Ends the child; what it had not answered is to be written by the next."""
        child, self._child = self._child, None
        self.queue.extendleft(reversed(self.waiting))
        self.waiting.clear()
        self._out.clear()
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()

    def forget(self) -> None:
        """Lets go of a child that is another process's, without touching it."""
        self._child = None
        self.queue.clear()
        self.waiting.clear()
        self._out.clear()


def _result(kind: bytes, payload: bytes) -> Written | Refused:
    """What a child says, as a value. Raises `ValueError` or `TypeError` for what it cannot say."""
    if kind == wire.LETTER and len(payload) <= limits.LONGEST:
        return payload
    told = json.loads(payload)
    if kind == wire.REFUSED and isinstance(told, str):
        return Refused(told[:1000])
    if kind == wire.CONTENT and isinstance(told, list) and all(isinstance(one, str) for one in told):
        return Content(*told)
    raise wire.Garbled


def _widen(pipe: int) -> None:
    try:
        fcntl(pipe, _F_SETPIPE_SZ, _PIPE)
    except OSError:  # another system, or all that this user may have is taken: it holds less
        return
