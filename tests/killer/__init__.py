"""The killer: the real daemon is killed a thousand times, and what came out is compared with what should have."""
