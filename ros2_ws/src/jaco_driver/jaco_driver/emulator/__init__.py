"""A Kortex base that is not there: it speaks the wire of a real one, moves a Gen3 in MuJoCo, and fails on demand."""
