"""The terminal: where all rooms are put together. It prints, asks, and knows the clock; nothing below it does."""
