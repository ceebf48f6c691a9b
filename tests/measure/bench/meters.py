"""What is read before and after: CPU of a process tree, of a server, and its commands."""

import resource
from dataclasses import dataclass

import psutil
import redis


@dataclass(frozen=True)
class Reading:
    """Seconds of CPU that a worker (with its children) and a server have used, and commands run."""

    at: float
    worker: float
    server: float
    commands: int

    def __sub__(self, before: "Reading") -> "Reading":
        return Reading(
            self.at - before.at,
            self.worker - before.worker,
            self.server - before.server,
            self.commands - before.commands,
        )


def cpu_of_tree(pid: int) -> float:
    """Sum up user and system time of a process and of all below it."""
    root = psutil.Process(pid)
    used = 0.0
    for one in [root, *root.children(recursive=True)]:
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        used += times.user + times.system
        if one is root:
            used += times.children_user + times.children_system
    return used


def read(at: float, pids: list[int], client: "redis.Redis[str]") -> Reading:
    """Read everything now."""
    info = client.info("all")
    return Reading(
        at=at,
        worker=sum(map(cpu_of_tree, pids)),
        server=float(info["used_cpu_user"]) + float(info["used_cpu_sys"]),
        commands=int(info["total_commands_processed"]),
    )


def cpu_of_ended() -> float:
    """Sum up the user and system time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
