"""How much of what is changed between a service and its peers does `reenact test` notice?

`python -m benches.inflight` records a service behind a relay that changes nothing, tests it so many times, and then
changes one thing in flight in each test: a field, an element, a header, a status of one response; a literal, a word, a
parameter, an argument, a header of one outgoing call; or it drops a call (and says what was answered before),
or makes it twice. Red is a kill.

The relay runs inside the sandbox as the service's parent, between the service and all that Reenact sees. It
reads the wire by itself (`wire.py`): a mistake in Reenact's codecs cannot hide in it.
"""
