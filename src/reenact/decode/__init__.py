"""Segments -> exchanges, one flow at a time: `recognise` what it speaks, `flow` reads it."""

from reenact.decode.flow import Decoded, decode, decode_flow
from reenact.decode.recognise import recognise

__all__ = ["Decoded", "decode", "decode_flow", "recognise"]
