"""Tests of the guide: it can be followed, it can be built, and it can be read."""
