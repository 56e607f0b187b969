"""Check of Wi-Fi: power saving makes the first packets after a pause a second or two late."""

from car.doctor.check import Check
from car.doctor.machine import Machine
from car.doctor.subject import Subject

INTERFACES = "/sys/class/net"
NAME = "Wi-Fi power save"
KEEP_OFF = (
    "to keep it off, write two lines into /etc/NetworkManager/conf.d/powersave.conf: "
    "`[connection]` and `wifi.powersave=2`"
)


def check_wifi(machine: Machine, subject: Subject) -> list[Check]:
    """Ask `iw` about each Wi-Fi interface."""
    wireless = [
        name
        for name in machine.names(INTERFACES)
        if machine.path(f"{INTERFACES}/{name}/phy80211").exists()
        or machine.path(f"{INTERFACES}/{name}/wireless").exists()
    ]
    if not wireless:
        return [Check(NAME, None, "no Wi-Fi here")]
    return [_power_save(machine, name, alone=len(wireless) == 1) for name in wireless]


def _power_save(machine: Machine, interface: str, *, alone: bool) -> Check:
    name = NAME if alone else f"{NAME} of {interface}"
    said = machine.said("iw", "dev", interface, "get", "power_save")
    state = (said or "").rpartition(":")[-1].strip()
    if state == "off":
        return Check(name, True, f"{interface}: off")
    if state != "on":
        return Check(
            name, None, f"{interface}: could not be told", "`sudo apt install iw`, then try again"
        )
    return Check(
        name,
        False if machine.is_pi else None,
        f"{interface}: on, which delays a phone's commands by up to 2 s after a pause",
        f"`sudo iw dev {interface} set power_save off`; {KEEP_OFF}" if machine.is_pi else "",
    )
