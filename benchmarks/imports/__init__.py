"""The import of targeting lists by the registry, beside a script written by hand that ends with the same tables."""
