"""What the engine costs beside the bare statements and loops that do the same: ratios of one run, interleaved."""
