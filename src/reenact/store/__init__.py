"""How captures and suites are written down: the only place that knows.

`capture` the file of a recording, `blocks` its framing, `writer` the thread that writes it.
`suite` a suite as a folder of YAML files that people read and edit: `save_suite`, `load_suite`;
`accept` writes what a test showed into it. Beside them `yaml_write` and `yaml_read` (our corner of
YAML), `case_form` and `shapes` (cases as plain trees, and slips in them), `bodies` (large values by
content hash), `places` (where something stands), `replace` (all files or none).
"""
