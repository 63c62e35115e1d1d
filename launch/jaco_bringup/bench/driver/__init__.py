"""The Kortex driver against the emulated base, in figures. The two sides are processes of their own, each with its own protobuf."""
