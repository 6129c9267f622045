"""The catalogue of faults: what can go wrong from without, and the tests that say what becomes of it."""
