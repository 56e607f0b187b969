"""The PCA9685 pulse generator, register by register, as its datasheet (NXP, revision 4) has it.

All that the chip knows lies in one buffer. With a memory-mapped file for it, the chip outlives the
process that wrote to it and another process reads its outputs, like the real one, which goes on
pulsing after its program was killed.

Two things are simpler than in silicon: outputs change at once and not at the end of the PWM cycle,
and the oscillator needs no 500 us to settle. Any write to a PWM register clears RESTART, whatever
OCH says.
"""

import mmap
import struct

from car.errors import SimulationError

MODE1, MODE2, SUBADR1, ALLCALLADR = 0x00, 0x01, 0x02, 0x05
LED0, LAST_LED, ALL_LED, PRE_SCALE = 0x06, 0x45, 0xFA, 0xFE
"""Register addresses; each channel has four from LED0 on: ON low, ON high, OFF low, OFF high."""

RESTART, EXTCLK, AUTO_INCREMENT, SLEEP, ALLCALL = 0x80, 0x40, 0x20, 0x10, 0x01
INVERT = 0x10
FULL = 0x10
"""In ON high: always on. In OFF high: always off, and this one wins."""

GENERAL_CALL, SOFTWARE_RESET = 0x00, b"\x06"
CHANNELS, TICKS = 16, 4096

POINTER, REFUSALS, STRAPS, CHANGES, MAGIC_AT = 256, 257, 258, 260, 264
MAGIC = b"PCA9685\n"
STATE_BYTES = MAGIC_AT + len(MAGIC)
"""Size of the buffer: 256 registers, then what the bus side of the chip remembers."""

FOR_EVER = 255


def powered_on(address: int = 0x40) -> bytearray:
    """Give the state of a chip just after its supply came up: asleep, every channel off.

    Args:
        address: set by the solder bridges, 0x40 to 0x7F.
    """
    state = bytearray(STATE_BYTES)
    state[MODE1], state[MODE2] = SLEEP | ALLCALL, 0x04
    state[SUBADR1 : ALLCALLADR + 1] = b"\xe2\xe4\xe8\xe0"
    state[LED0 : LAST_LED + 1] = bytes((0, 0, 0, FULL)) * CHANNELS
    state[PRE_SCALE] = 0x1E
    state[STRAPS] = address
    state[MAGIC_AT:] = MAGIC
    return state


class SimulatedPca9685:
    """One chip on the bus.

    Args:
        state: STATE_BYTES bytes that it lives in; without them it has just been powered on.
        address: set by the solder bridges, 0x40 to 0x7F; as the state has it when not given.
        oscillator_hz: how fast this chip's own oscillator really is, nominally 25 MHz.

    Raises:
        SimulationError: the buffer does not hold a chip.
    """

    def __init__(
        self,
        state: bytearray | mmap.mmap | None = None,
        *,
        address: int | None = None,
        oscillator_hz: float = 25_000_000,
    ) -> None:
        if state is None:
            state = powered_on()
        if len(state) != STATE_BYTES or state[MAGIC_AT:] != MAGIC:
            raise SimulationError(
                f"a buffer of {len(state)} bytes does not hold a simulated PCA9685: "
                "delete the chip file, a new one is made"
            )
        self._state = state
        if address is not None:
            state[STRAPS] = address
        self.oscillator_hz = oscillator_hz

    @property
    def address(self) -> int:
        """The 7-bit address that the solder bridges set."""
        return self._state[STRAPS]

    def power_on(self) -> None:
        """Lose everything, as after a brown-out of its supply."""
        refusals, changes = self._state[REFUSALS], self.changes
        self._state[:] = bytes(powered_on(self.address))
        self._state[REFUSALS] = refusals
        self._count_change(changes)

    def refuse(self, times: int) -> None:
        """Do not acknowledge the next transactions; FOR_EVER is a chip without supply or wire."""
        self._state[REFUSALS] = times

    def answers(self, address: int) -> bool:
        """Say whether the chip acknowledges this 7-bit address now."""
        if not self._is_called(address):
            return False
        refusals = self._state[REFUSALS]
        if 0 < refusals < FOR_EVER:
            self._state[REFUSALS] = refusals - 1
        return not refusals

    def _is_called(self, address: int) -> bool:
        if address in (self.address, GENERAL_CALL):
            return True
        mode, called = self._state[MODE1], address << 1
        if mode & ALLCALL and called == self._state[ALLCALLADR]:
            return True
        return any(mode & (0x08 >> n) and called == self._state[SUBADR1 + n] for n in range(3))

    def write(self, address: int, data: bytes) -> int:
        """Take one write from START to STOP; say how many of its bytes were acknowledged."""
        if address == GENERAL_CALL:
            return self._general_call(data)
        if not data:
            return 0
        registers, pointer = bytearray(self._state[:POINTER]), data[0]
        for value in data[1:]:
            _store(registers, pointer, value)
            if registers[MODE1] & AUTO_INCREMENT:
                pointer = _after(pointer)
        self._state[POINTER] = pointer
        if len(data) > 1:
            self._state[:POINTER] = bytes(registers)
            self._count_change(self.changes)
        return len(data)

    def _general_call(self, data: bytes) -> int:
        if data == SOFTWARE_RESET:
            self.power_on()
        return len(data) if data in (b"", SOFTWARE_RESET) else 0

    def read(self, count: int) -> bytes:
        """Give bytes from where the pointer stands; the ALL_LED registers read as zero."""
        state, pointer, result = self._state, self._state[POINTER], bytearray()
        for _ in range(count):
            result.append(state[pointer])
            if state[MODE1] & AUTO_INCREMENT:
                pointer = _after(pointer)
        state[POINTER] = pointer
        return bytes(result)

    @property
    def changes(self) -> int:
        """Counts the writes that changed registers, modulo 2^32: cheap to compare."""
        return int.from_bytes(self._state[CHANGES:MAGIC_AT], "little")

    def _count_change(self, changes: int) -> None:
        struct.pack_into("<I", self._state, CHANGES, (changes + 1) & 0xFFFFFFFF)

    def pulse_us(self, channel: int) -> float | None:
        """Measure the high pulse on an output pin.

        Returns:
            Microseconds; None where there are no pulses (asleep, always on or always off).
        """
        state, first = self._state, LED0 + 4 * channel
        if state[MODE1] & (SLEEP | RESTART | EXTCLK):
            return None
        on_low, on_high, off_low, off_high = state[first : first + 4]
        if (on_high | off_high) & FULL:
            return None
        ticks = (off_low + 256 * off_high - on_low - 256 * on_high) % TICKS
        if state[MODE2] & INVERT:
            ticks = -ticks % TICKS
        return ticks * (state[PRE_SCALE] + 1) * 1e6 / self.oscillator_hz if ticks else None


class PulseWatch:
    """The pulse on one channel for a hot loop: decoded again only after the chip was written."""

    def __init__(self, chip: SimulatedPca9685, channel: int) -> None:
        self._chip, self._channel = chip, channel
        self._state = chip._state
        self._seen: bytes | bytearray = b""
        self._pulse_us: float | None = None

    def pulse_us(self) -> float | None:
        """Give the pulse in microseconds, None where there are no pulses."""
        changes = self._state[CHANGES:MAGIC_AT]
        if changes != self._seen:
            self._seen, self._pulse_us = changes, self._chip.pulse_us(self._channel)
        return self._pulse_us


def _after(pointer: int) -> int:
    """Advance as auto-increment does: past the last LED and past PRE_SCALE comes MODE1."""
    return MODE1 if pointer in (LAST_LED, PRE_SCALE, 0xFF) else pointer + 1


def _store(registers: bytearray, register: int, value: int) -> None:
    if LED0 <= register <= LAST_LED:
        _store_pwm(registers, register, value)
    elif ALL_LED <= register < PRE_SCALE:
        for channel in range(CHANNELS):
            _store_pwm(registers, LED0 + 4 * channel + register - ALL_LED, value)
    elif register == MODE1:
        registers[MODE1] = _mode1(registers, value)
    elif register == MODE2:
        registers[MODE2] = value & 0x1F
    elif SUBADR1 <= register <= ALLCALLADR:
        registers[register] = value & 0xFE
    elif register == PRE_SCALE and registers[MODE1] & SLEEP:
        registers[PRE_SCALE] = max(3, value)


def _store_pwm(registers: bytearray, register: int, value: int) -> None:
    high = (register - LED0) & 1
    registers[register] = value & 0x1F if high else value
    registers[MODE1] &= ~RESTART & 0xFF


def _mode1(registers: bytearray, value: int) -> int:
    """Work out MODE1 after a write; its bit 7 tells that channels wait to be restarted."""
    old = registers[MODE1]
    restart = old & RESTART
    if value & SLEEP and not old & SLEEP and _any_channel_active(registers):
        restart = RESTART
    elif restart and value & RESTART and not (value | old) & SLEEP:
        restart = 0
    external = EXTCLK & (old | (value if old & SLEEP else 0))
    return (value & ~(RESTART | EXTCLK)) | restart | external


def _any_channel_active(registers: bytearray) -> bool:
    return any(not high & FULL for high in registers[LED0 + 3 : LAST_LED + 1 : 4])
