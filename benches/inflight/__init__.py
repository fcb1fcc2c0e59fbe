"""How much of what is changed between a service and its peers does `reenact test` notice?

`python -m benches.inflight` records a service, tests it behind a relay that changes nothing, and then behind one that
changes a single thing in flight: a field, an element, a line, a header or the status of one response; a word, a literal, a
parameter, an argument, a header of one outgoing call; or it drops a call (and says what was answered before), or
makes it twice. Red is a kill.

The relay runs inside the sandbox as the service's parent, so that to Reenact both are the build under test. It reads the
wire by itself (`wire.py`): a mistake in Reenact's codecs cannot hide in it.
"""
