"""The first Ctrl-C lets the work end in order, the second one does not wait for it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from jpegproof.cli.interrupts import two_interrupts

#: Work that takes its time to end: each line says how far it is.
WORK = """
import signal, sys, time
from jpegproof.cli.interrupts import two_interrupts
signal.signal(signal.SIGINT, signal.default_int_handler)
with two_interrupts():
    try:
        print("working", flush=True)
        time.sleep(60)
    finally:
        print("ending", flush=True)
        time.sleep(60)
"""


#: The same where the work has ended, and the program is at its own end, waiting for a thread.
THREAD = """
import signal, threading, time
from jpegproof.cli.interrupts import two_interrupts
signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Thread(target=time.sleep, args=(60,)).start()
try:
    with two_interrupts():
        print("working", flush=True)
        time.sleep(60)
except KeyboardInterrupt:
    print("ending", flush=True)
"""


@pytest.mark.parametrize("work", [WORK, THREAD])
def test_a_second_ctrl_c_does_not_wait_for_the_end(work: str):
    process = subprocess.Popen([sys.executable, "-c", work], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for said in ("working", "ending"):
        assert process.stdout.readline().strip() == said
        process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=50)
    assert process.returncode == 130
    assert errors.strip() == "jpegproof: stopped at once"


@pytest.fixture
def own_handler() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("own_handler")
def test_the_first_one_is_python_s_own():
    with pytest.raises(KeyboardInterrupt), two_interrupts():
        signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("own_handler")
def test_without_a_ctrl_c_nothing_stays_changed():
    with two_interrupts():
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("own_handler")
def test_who_has_a_handler_of_his_own_keeps_it():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with two_interrupts():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_another_thread_than_the_first_may_do_the_work():
    done: list[bool] = []

    def work() -> None:
        with two_interrupts():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
