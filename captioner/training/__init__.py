"""Training the networks, and judging them."""
