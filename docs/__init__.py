"""The guide: its pages, the scripts that draw its figures, and what holds it true."""
