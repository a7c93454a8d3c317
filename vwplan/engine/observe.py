"""Observe: read everything of ours on all hosts at once, changing nothing. Unreachable is never absent."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from vwplan.engine.calls import OpenConnection
from vwplan.engine.clock import SYSTEM, Clock
from vwplan.plan.model import HostView
from vwplan.provider.api import HostConfiguration, Observation, ProviderError

Found = TypeVar("Found")


def observe(
    hosts: Mapping[str, HostConfiguration],
    open_connection: OpenConnection,
    deadline: float,
    *,
    volumes: bool = False,
    clock: Clock = SYSTEM,
) -> Mapping[str, HostView]:
    """Each host as it is, by key; one that does not answer within `deadline` seconds has a `problem` and no objects.

    All hosts are asked at once. A call that hangs is left behind in its thread, which does not keep the process alive. With
    `volumes` strangers' volumes are looked at too, which takes a description of each.
    """
    answers = at_once({key: _looker(host, open_connection, volumes) for key, host in hosts.items()}, deadline, clock)
    views: dict[str, HostView] = {}
    for key in hosts:
        found = answers.get(key)
        if isinstance(found, Observation):
            views[key] = _view(key, found)
        else:
            problem = f"it did not answer within {deadline:g} s" if found is None else _words(found)
            views[key] = HostView(key, "", {}, problem=problem)
    return views


def idle_bases(
    hosts: Mapping[str, HostConfiguration], open_connection: OpenConnection, deadline: float, *, clock: Clock = SYSTEM
) -> Mapping[str, frozenset[str]]:
    """By the key of each host, the digests of the bases there that nothing lies over; of one that cannot be seen, nothing."""

    def asker(host: HostConfiguration) -> Callable[[], frozenset[str]]:
        def ask() -> frozenset[str]:
            connection = open_connection(host)
            try:
                return connection.idle_bases()
            finally:
                connection.close()

        return ask

    answers = at_once({key: asker(host) for key, host in hosts.items()}, deadline, clock)
    return {key: found for key, found in answers.items() if not isinstance(found, Exception)}


def at_once(
    tasks: Mapping[str, Callable[[], Found]], deadline: float, clock: Clock = SYSTEM
) -> dict[str, Found | Exception]:
    """The result of each task, or what it raised; tasks that are not done after `deadline` seconds are missing.

    Each has a thread of its own, which is left behind when it does not come back.
    """
    answers: queue.SimpleQueue[tuple[str, Found | BaseException]] = queue.SimpleQueue()

    def work(key: str, task: Callable[[], Found]) -> None:
        try:
            answers.put((key, task()))
        except BaseException as problem:
            answers.put((key, problem))

    for key, task in tasks.items():
        threading.Thread(target=work, args=(key, task), name=f"vwplan {key}", daemon=True).start()
    found: dict[str, Found | Exception] = {}
    until = clock.monotonic() + deadline
    while len(found) < len(tasks):
        try:
            key, answer = answers.get(timeout=max(0.0, until - clock.monotonic()))
        except queue.Empty:
            break
        if isinstance(answer, BaseException) and not isinstance(answer, Exception):
            raise answer
        found[key] = answer
    return found


def _looker(host: HostConfiguration, open_connection: OpenConnection, volumes: bool) -> Callable[[], Observation]:
    def look() -> Observation:
        connection = open_connection(host)
        try:
            found = connection.observe()
            return replace(found, strangers=(*found.strangers, *connection.volumes())) if volumes else found
        finally:
            connection.close()

    return look


def _view(key: str, found: Observation) -> HostView:
    objects = {one.identity: one for one in found.objects}
    strangers = {one.identity: one for one in found.strangers}
    return HostView(
        key,
        found.host.uuid,
        objects,
        found.images,
        found.networks,
        found.macs,
        strangers=strangers,
        facts=found.host,
        addresses=found.addresses,
    )


def _words(problem: Exception) -> str:
    if isinstance(problem, ProviderError):
        return f"{problem.summary}. {problem.detail}".strip().removesuffix(".") if problem.detail else problem.summary
    return f"{type(problem).__name__}: {problem}"
