"""The function library: one file per family, each function declared once with its parameters."""
