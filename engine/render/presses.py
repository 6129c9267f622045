"""All presses of this process: messages are dealt out to them, and come back in their order, each as soon as it is done."""

import atexit
import os
import select
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from engine.render.job import Job, Refused, Written
from engine.render.press import CannotWrite, Press, Task

#: So many messages in a row go to one press: the next ones are written elsewhere in the meantime.
_HAND = 25
#: Where more than so many are under way, answers are let gather: to be woken for each costs as much as to write one.
_MANY, _BREATH = 16, 0.001


class Presses:
    """As many child processes as were asked for, each started when it is first needed."""

    def __init__(self, count: int) -> None:
        self.presses = [Press() for _ in range(count)]
        self._lock = threading.RLock()
        self._pid = os.getpid()

    def write(self, jobs: Iterable[Job]) -> Iterator[Written | Refused]:
        """The messages in their order. They are being written from now on, whether somebody waits for them or not.

        Taking one raises `CannotWrite` where no process can be started; the messages that were not taken may be given
        again. Whoever does not want the rest closes the iterator.
        """
        ended: dict[str, list[str]] = {}
        tasks: list[Task] = []
        coming = (Task(job, ended) for job in jobs)
        while hand := list(islice(coming, _HAND)):  # these are being written while the next ones are got ready
            tasks += hand
            with self._lock:
                self._mine()
                min(self.presses, key=lambda one: len(one.queue) + len(one.waiting)).queue.extend(hand)
                self._going()
        return self._collected(tasks)

    def one(self, job: Job) -> Written | Refused:
        """One message, at once. Raises `CannotWrite`."""
        return next(self.write([job]))

    def close(self) -> None:
        """Ends the processes; the next message starts them anew."""
        with self._lock:
            self._mine()
            self._give_up(CannotWrite("the processes that write messages were ended"))

    def _collected(self, tasks: Sequence[Task]) -> Iterator[Written | Refused]:
        try:
            for task in tasks:
                if task.result is None:
                    self._wait(task)
                if isinstance(task.result, CannotWrite):
                    raise task.result
                assert task.result is not None
                yield task.result
        finally:
            self._drop(tasks)

    def _drop(self, tasks: Sequence[Task]) -> None:
        unwanted = {id(task) for task in tasks if task.result is None}
        if unwanted:
            with self._lock:
                for press in self.presses:
                    kept = [task for task in press.queue if id(task) not in unwanted]
                    press.queue.clear()
                    press.queue.extend(kept)

    def _mine(self) -> None:
        """After a fork the children are the other process's."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            for press in self.presses:
                press.forget()

    def _going(self) -> None:
        """Every press that has something to do does it."""
        for press in self.presses:
            if press.busy:
                try:
                    press.start()
                    press.fill()
                except CannotWrite as fault:
                    self._give_up(fault)

    def _wait(self, task: Task) -> None:
        with self._lock:
            begun = time.monotonic()
            for press in self.presses:  # what was not heard while nobody listened is no silence
                press.since = max(press.since, begun)
            while task.result is None:
                self._going()
                if task.result is None:
                    self._hear()
                    if sum(len(press.waiting) for press in self.presses) > _MANY:
                        time.sleep(_BREATH)

    def _hear(self) -> None:
        """Waits until a press can be heard, can be given more, or has been silent for too long."""
        busy = [press for press in self.presses if press.busy]
        wait = max(0.0, min(press.left(time.monotonic()) for press in busy))
        heard = _heard(busy, wait)
        if not heard:
            heard = _heard(busy, 0)  # this process may have been standing still itself
        try:
            for press in busy:
                if press.source in heard:
                    press.drain()
                elif press.left(time.monotonic()) <= 0:
                    press.silent()
        except CannotWrite as fault:
            self._give_up(fault)

    def _give_up(self, fault: CannotWrite) -> None:
        for press in self.presses:
            press.close()
            for task in press.queue:
                task.result = fault
            press.queue.clear()


def _heard(presses: Sequence[Press], wait: float) -> set[int]:
    """The pipes with which something can be done within `wait` seconds."""
    poll = select.poll()
    for press in presses:
        poll.register(press.source, select.POLLIN)
        if press.sink is not None:
            poll.register(press.sink, select.POLLOUT)
    return {pipe for pipe, _ in poll.poll(int(wait * 1000) + 1 if wait else 0)}


@lru_cache(maxsize=8)
def shared_presses(count: int) -> Presses:
    """The presses of this process: shared by whoever writes, since each is a process that has to be started."""
    made = Presses(count)
    atexit.register(made.close)
    return made
