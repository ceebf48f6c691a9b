"""
`dialer campaign`: a list of people to ring, and when, as which call and how fast.

    app.py        the commands
    options.py    the options of a definition
    define.py     create, set
    contacts.py   import, move, remove
    steer.py      start, pause, resume, cancel, forget
    show.py       list, show, preflight, forecast
"""
