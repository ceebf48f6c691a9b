"""Mutants of the guards around workers: flags, signals, foreign processes, tokens, layouts."""

from mutant import Mutant

FOLDER = "tests/integration/test_up_folder.py"
FLAGS = "tests/acceptance/test_flags.py"
LAYOUTS = "tests/integration/test_cli_operations.py"
PACING = "tests/unit/workers/test_pacing.py"

MUTANTS = [
    Mutant("a doorbell expires", "workers/pacing.py", ", expires=expires)", ")", PACING),
    Mutant("a worker announces its pool", "workers/pacing.py", "consumer.pool.limit", "99", PACING),
    Mutant(
        "who has heard a signal rings no more",
        "workers/pacing.py",
        "return not stopping and",
        "return",
        PACING,
    ),
    Mutant(
        "who takes no doorbells carries nothing",
        "dialer/dialing/pacer.py",
        "capacity=self._ways.threads if takes else 0",
        "capacity=self._ways.threads",
        "tests/integration/test_bells.py",
    ),
    Mutant(
        "SIGQUIT lets calls end",
        "workers/signals.py",
        '("SIGTERM", "SIGINT", "SIGQUIT")',
        '("SIGTERM",)',
        FLAGS,
    ),
    Mutant(
        "SIGHUP starts what was started",
        "workers/signals.py",
        "os.execv(sys.executable, sys.orig_argv)",
        "os.execv(sys.executable, [sys.executable, *sys.argv])",
        FLAGS,
    ),
    Mutant(
        "a pool of threads has one size",
        "workers/flags.py",
        'if worker.options.get("autoscale"):',
        "if False:",
        "tests/unit/workers/test_worker_flags.py",
    ),
    Mutant(
        "a worker has room for its sockets",
        "workers/flags.py",
        "if _less(hard, needed):",
        "if False:",
        "tests/unit/workers/test_worker_flags.py",
    ),
    Mutant(
        "workers with equal hosts and numbers are two",
        "dialer/bootstrap/worker.py",
        ":{uuid.uuid4().hex[:8]}",
        "",
        "tests/integration/test_fleet.py",
    ),
    Mutant(
        "only programs of ours are ended",
        "dialer/local/up/folder.py",
        "and any(one in words for one in _PROGRAMS)",
        "",
        FOLDER,
    ),
    Mutant(
        "only what runs as we do is ended",
        "dialer/local/up/folder.py",
        "return ours and",
        "return",
        FOLDER,
    ),
    Mutant(
        "who reads a lock is no server",
        "dialer/local/embedded_server.py",
        "if _is_server(process) and any",
        "if any",
        FOLDER,
    ),
    Mutant(
        "a folder that others may write is refused",
        "dialer/local/up/folder.py",
        "if not ours_alone(self.path):",
        "if False:",
        FOLDER,
    ),
    Mutant(
        "a note that others may write is none",
        "dialer/machine/run_directory.py",
        "if ours_alone(path.parent) and ours_alone(path):",
        "if True:",
        FOLDER,
    ),
    Mutant(
        "a deleted lock frees no folder",
        "dialer/local/up/folder.py",
        "if other and other[0].pid != os.getpid():",
        "if False:",
        FOLDER,
    ),
    Mutant(
        "beat and Flower are given no token",
        "dialer/local/up/run.py",
        "(env if command.dials else without_tokens(env))",
        "env",
        "tests/unit/local/up/test_up.py",
    ),
    Mutant(
        "beat and Flower hold no token",
        "workers/process.py",
        "Settings.load().without_tokens()",
        "Settings.load()",
        "tests/unit/workers/test_process.py",
    ),
    Mutant(
        "metrics ask for the login",
        "workers/flower.py",
        "Metrics.get = authenticated(Metrics.get)",
        "pass",
        "tests/unit/workers/test_flower.py",
    ),
    Mutant(
        "everything is held after a damaged file",
        "dialer/local/up/server.py",
        "if self.damaged:",
        "if False:",
        "tests/integration/test_damaged_file.py",
    ),
    Mutant(
        "an old command line stops everything",
        "dialer/cli/hold.py",
        "any_layout=campaign is None and pool is None",
        "any_layout=False",
        LAYOUTS,
    ),
    Mutant(
        "an old command line does nothing else",
        "dialer/store/redis/server_check.py",
        "if other:",
        "if False:",
        LAYOUTS,
    ),
    Mutant(
        "a full stdout hides no sentence",
        "dialer/cli/output.py",
        "    try:\n        sys.stdout.flush()\n    finally:",
        "    sys.stdout.flush()\n    if True:",
        "tests/unit/cli/test_full_stdout.py",
    ),
]
