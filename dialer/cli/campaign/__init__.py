"""
`dialer campaign`: a list of people to ring, and when, as which call and how fast.

    app.py         which commands there are
    options.py     the options of a definition
    definition.py  from options and a file to a campaign, or to what is wrong with them
    define.py      create, set
    contacts.py    import
    steer.py       start, pause, resume, cancel
    sight.py       what is known of a campaign at one moment
    show.py        list, show
    ahead.py       preflight, forecast
    forget.py      forget
"""
