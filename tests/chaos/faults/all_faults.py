"""All kinds of faults."""

from tests.chaos.faults import clocks, damage, disks, kills, memory, mirror, neighbours, signals, workers

FAULTS = {
    fault.name: fault
    for module in (kills, signals, disks, damage, clocks, memory, workers, mirror, neighbours)
    for fault in module.FAULTS
}
