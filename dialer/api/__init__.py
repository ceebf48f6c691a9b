"""
The HTTP service: a door for other services, beside the command line.

    process.py    `dialer api`: its processes
    app.py        the application: routes, and what is answered when something goes wrong
    wire.py       heads of requests: limits of size and time
    door.py       every request: its id, its place, its line in the log
    service.py    what all requests share, and who asks
    gathering.py  calls that come in at the same moment, handed over in one step
    reading.py    bodies
    problems.py   errors as answers
    routes/       what may be asked, one noun a module
    shapes/       what stands in the bodies

No rule lives here that the command line does not have: a route reads a request, asks one service
and writes its answer.
"""
