"""What every claim about speed stands on: the product beside the hand-written floor, measured in one run."""
