"""
Flower's options: read by `python -m workers.flower`.

Flower executes this file and takes the names that are options of its own. It
reads it after `FLOWER_…` variables, so that none of them can undo it.
"""

from workers.process import process

# Without a login the settings refuse every address but this machine's own.
_flower = process().settings.flower

address = _flower.address
port = _flower.port
basic_auth = (
    [f"{_flower.user}:{_flower.password.get_secret_value()}"]
    if _flower.user and _flower.password
    else []
)
# It is a view: who may look must not be able to stop a worker or empty a queue.
read_only = True
# Doorbells are many and worth little: about ten minutes of them at 30 calls a second.
max_tasks = 20_000
# A worker that was replaced is gone from the page after a minute.
purge_offline_workers = 60
# The arguments are an account and a doorbell's number; the result is "placed 3k7…".
tasks_columns = "name,args,result,state,received,runtime,worker"
persistent = False
