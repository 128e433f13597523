"""The registry's rules, free of frameworks: what a row of a list must be, who may change what."""
