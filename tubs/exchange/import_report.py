"""What became of the records of a recording that was imported."""

import msgspec

from tubs.damage import Damage


class ImportReport(msgspec.Struct):
    """Counts; records = good + deleted + the damaged ones.

    Attributes:
        program: whose recording it was.
        records: lines or files found.
        good: now in the tub.
        deleted: now in the tub and marked as deleted there, as their owner had them.
        damaged: left out because they cannot be used.
        sessions: how many session files were written.
        clipped: records in the tub with a command outside [-1, +1], now at the edge.
        encoded_anew: records in the tub whose image was no colour JPEG.
        assumed_times: records in the tub that are timed by a rate that was assumed, because
            their time stamps make no sense.
        spare_images: image files that no record uses; left out.
        remarks: what else the owner should know.
    """

    program: str = ""
    records: int = 0
    good: int = 0
    deleted: int = 0
    damaged: list[Damage] = []
    sessions: int = 0
    clipped: int = 0
    encoded_anew: int = 0
    assumed_times: int = 0
    spare_images: int = 0
    remarks: list[str] = []

    def first_reason(self) -> str:
        """The first damage in words, to end a sentence with; "" when there is none."""
        if not self.damaged:
            return ""
        first = min(self.damaged, key=lambda damage: damage.record)
        return f": record {first.record}: {first.reason}"
