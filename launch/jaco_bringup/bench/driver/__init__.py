"""The Kortex driver against the emulated base, in figures. Each side is a process of its own, with its own protobuf."""
