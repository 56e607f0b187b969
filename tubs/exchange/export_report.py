"""What became of the records of a tub that was exported."""

import msgspec

from tubs.damage import Damage


class ExportReport(msgspec.Struct):
    """Counts; records = good + left_out + the damaged ones.

    Attributes:
        to: the format.
        records: in the tub.
        good: written.
        deleted: readable records that are marked as deleted in the tub.
        left_out: those of them that were not written.
        damaged: not written because they cannot be read.
        class_maps: how many were written.
        renumbered: records that lost their own index, because two wished for the same.
        remarks: what the result does not hold.
    """

    to: str
    records: int = 0
    good: int = 0
    deleted: int = 0
    left_out: int = 0
    damaged: list[Damage] = []
    class_maps: int = 0
    renumbered: int = 0
    remarks: list[str] = []
