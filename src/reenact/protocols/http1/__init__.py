"""HTTP/1.0 and 1.1 (RFC 9110, RFC 9112), both as the service's server and as its client.

Reading order: `grammar` (start lines, headers, which framing), `reader` (one direction of a
connection), `codec` (both), `pairer`, `tree` and `wire` (trees to and from bytes), `matcher`,
`caller` and `responder`. README.md has the shapes of the trees and what is not covered.
"""

from reenact.model.protocol import ProtocolPlugin
from reenact.protocols.http1.caller import HttpCaller
from reenact.protocols.http1.codec import BUFFER_LIMIT, HttpCodec
from reenact.protocols.http1.detect import detect
from reenact.protocols.http1.encoder import HttpEncoder
from reenact.protocols.http1.matcher import HttpMatcher
from reenact.protocols.http1.pairer import HttpPairer
from reenact.protocols.http1.payloads import Request, Response, Tunnel
from reenact.protocols.http1.responder import HttpResponder

HASHES = ("etag", "content-md5", "content-digest", "repr-digest", "digest")
"""Headers that say what the body is by a hash of it (RFC 9110, 8.8.3; RFC 9530)."""

PLUGIN = ProtocolPlugin(
    name="http1",
    payloads=(Request, Response, Tunnel),
    detect=detect,
    codec=lambda flow: HttpCodec(),
    encoder=lambda flow, side: HttpEncoder(),
    pairer=HttpPairer,
    matcher=HttpMatcher(),
    recall=lambda interactions: None,
    responder=lambda flow, recalled: HttpResponder(),
    caller=lambda flow: HttpCaller(),
    buffer_limit=BUFFER_LIMIT,
    fixed=frozenset({("status",)}),
    hashes={("headers", name): ("body",) for name in HASHES},
)
