"""Bodies: bytes as they crossed the wire, and what people read, edit and compare.

- `show(data, headers)` turns the bytes of a body into a small tree (the shapes are in README.md);
- `render(body)` is its exact inverse for trees nobody edited (content codings are encoded anew),
  and writes edited ones in the style they were written in;
- `open(body, headers)` is what is compared: JSON, forms, parts and events as structure.

`headers` are `[name, value]` lists in wire order. Nothing here raises on what a peer sent.
"""

from reenact.contents.bodies import Headers, open, render, show
from reenact.contents.mediatype import MediaType, media_type

__all__ = ["Headers", "MediaType", "media_type", "open", "render", "show"]
