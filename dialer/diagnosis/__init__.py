"""Diagnosis: why a call is not rung, and whether all is well."""
