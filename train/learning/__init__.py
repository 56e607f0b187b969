"""From tubs to a pilot file: examples, network, fitting, int8."""
