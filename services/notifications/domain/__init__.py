"""Pure rules: templates and their texts, the life of a message and of a printed list."""
