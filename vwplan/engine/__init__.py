"""The engine: observe, apply, recover. The only room that calls providers, and the owner of all threads."""
