"""
Services: the use cases of the system, the same for every door.

    calls/          one call or many: enqueue, look at, cancel, redrive, resolve
    campaigns/      a campaign: define, edit, steer, fill its list, look ahead
    operations/     the running of it all: holds, do-not-call list, accounts, state

Each method takes and returns values; it prints nothing and reads no option. Its errors are
those of `dialer.errors`, and name the state that they leave behind.
"""
