"""The nouns of the house, frozen, and the interfaces a protocol implements.

`value` trees; `segment` bytes as they passed; `message` what a codec makes of them; `exchange` a
question and its answer; `suite` cases and interactions; `symbol` generated values and bindings;
`difference` and `verdict` what a replay showed; `protocol` every plug point.
"""
