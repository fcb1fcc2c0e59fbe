"""Body encodings, bytes <-> trees.

`describe` makes of a body what a case file shows, losslessly; `render` makes the bytes again;
`opened` is what is compared: structure where there is structure, whatever the bytes looked like.
"""

from reenact.contents.body import describe, render
from reenact.contents.opened import opened

__all__ = ["describe", "opened", "render"]
