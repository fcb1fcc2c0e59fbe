"""How captures and suites are written down: the only place that knows.

`capture` the file of a recording, `blocks` its framing, `writer` the thread that writes it.
`suite` a suite as a folder of YAML files that people read and edit.
"""
