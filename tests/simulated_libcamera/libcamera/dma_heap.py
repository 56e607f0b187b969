"""Takes the place of picamera2's access to the kernel's DMA heap: buffers are plain memory files.

The names are those of `picamera2.dma_heap`. Its `ioctl` that synchronises the processor's cache
with the camera becomes one that any file takes and that changes nothing: "close on exec".
"""

import ctypes
import os

DMA_BUF_SYNC_READ, DMA_BUF_SYNC_WRITE, DMA_BUF_SYNC_RW = 1, 2, 3
DMA_BUF_SYNC_START, DMA_BUF_SYNC_END = 0, 4
FIOCLEX = 0x5451
DMA_BUF_IOCTL_SYNC = FIOCLEX


class dma_buf_sync(ctypes.Structure):  # noqa: N801
    _fields_ = [("flags", ctypes.c_uint64)]


class UniqueFD:
    """A file descriptor."""

    def __init__(self, number):
        self._number = number

    def get(self):
        return self._number

    def isValid(self):  # noqa: N802
        return self._number >= 0


class DmaHeap:
    """Gives out memory that camera and program share."""

    def alloc(self, name, size):
        number = os.memfd_create(name)
        os.ftruncate(number, size)
        return UniqueFD(number)

    def close(self):
        pass
