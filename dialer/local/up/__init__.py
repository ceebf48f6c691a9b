"""
`dialer up`: the whole stack in one terminal, supervised until it is stopped.

    run.py       from the options to a running stack; the account of --sandbox
    stack.py     the parts, and the order in which they start and stop
    commands.py  which processes, from the options
    part.py      one of them, started again after a pause when it dies
    server.py    the embedded server, and the note that leads others to it
    printer.py   one line after the other, headed with its writer's name
    folder.py    `.dialer/`: ours alone, its notes, and what a killed `dialer up` left in it
"""
