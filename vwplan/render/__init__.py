"""The render room: values into text, JSON, DOT and Mermaid. It returns text and never prints; one file for each form."""
