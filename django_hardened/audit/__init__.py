"""Every endpoint of the URLconf, and who may call it: what is, without a judgement on it."""
