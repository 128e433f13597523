"""Schema history of training's own database."""
