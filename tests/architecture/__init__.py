"""The rules of the house, checked on the code itself: one short test per rule."""
