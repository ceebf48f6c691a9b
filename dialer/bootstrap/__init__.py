"""
Wiring: settings in, a working system out; the only place that knows every concrete class.

    store.py      the store that the settings name
    feeder.py     its feeder
    accounts.py   their accounts, ready to be dialled through
    worker.py     the parts of one worker process
    dialer.py     `Dialer`: every use case, for Python and the command line
"""
