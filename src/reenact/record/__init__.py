"""Recording a service: sandbox and interception in front, a capture file behind."""

from reenact.record.options import RecordOptions, RecordResult
from reenact.record.run import record

__all__ = ["RecordOptions", "RecordResult", "record"]
