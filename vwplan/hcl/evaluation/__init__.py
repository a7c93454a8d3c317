"""Evaluation: expressions compiled once into closures, evaluated many times. `vwplan.hcl.evaluate` is the door."""
