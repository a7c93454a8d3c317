"""vwplan: a declarative reconciler for virtual workspaces and virtual clusters.

The rooms open one way, from the terminal down to the words that all share::

    cli > render > engine > plan > graph > spec > provider > state > hcl | kinds > diagnostics > address | values
"""

__version__ = "0.1.0"
