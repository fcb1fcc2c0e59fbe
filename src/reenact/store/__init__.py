"""The only place that knows how things are written down.

`suite` is the folder people keep in their repository: `save_suite`, `load_suite`. Beside it
`yaml_write` and `yaml_read` (our corner of YAML), `case_form` (case and call <-> plain trees),
`paths` (paths as text), `bodies` (large values by content hash), `replace` (all files or none).
"""
