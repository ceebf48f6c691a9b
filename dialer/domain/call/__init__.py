"""A call: its parameters, numbers and legs, and the rules that protect the customer."""
