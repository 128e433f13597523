"""The stages of the scenario, one file each, in the order of the story."""
