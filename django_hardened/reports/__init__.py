"""What the gate found, told: for people here, for machines in modules of their own."""
