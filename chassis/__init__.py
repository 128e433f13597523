"""What every service stands on, and nothing of any service's own matter."""
