"""
`dialer up`: the whole stack in one terminal, looked after until somebody stops it.

    run.py       from the options to a running stack
    stack.py     what runs, and in which order it starts and stops
    commands.py  which processes, from the options
    part.py      one of them, started again when it dies
    pauses.py    how long to wait before that
    process.py   a process whose lines we pass on
    server.py    the embedded server, and the note that leads others to it
    notes.py     all that is left in the folder meanwhile, kept as it should be
    printer.py   one line after the other, with the name of who wrote it
    folder.py    `.dialer/`: ours alone, and what a killed `dialer up` left in it
    practice.py  the account and the settings of --sandbox
    signals.py   the first signal asks, the second one insists
    tied.py      a process that ends when we are killed
"""
