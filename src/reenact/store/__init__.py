"""How captures and suites are written down: the only place that knows.

`capture` the file of a recording, `blocks` its framing, `writer` the thread that writes it.
`suite` is the folder people keep in their repository: `save_suite`, `load_suite`. Beside it
`yaml_write` and `yaml_read` (our corner of YAML), `case_form` (case and call <-> plain trees),
`paths` (paths as text), `bodies` (large values by content hash), `replace` (all files or none).
"""
