"""
Shapes: what stands in a body, for the OpenAPI page, and how things are written into one.

Answers are not checked against them when they are written: tests do that.
"""
