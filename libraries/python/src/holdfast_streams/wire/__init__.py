"""The bytes of docs/duplex-v1.md."""
