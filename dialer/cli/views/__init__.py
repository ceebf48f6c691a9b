"""
Views: one kind of thing each, as a table for people or as JSON lines for programs.

Commands import views and services; a view imports no command. Output of a single command that
takes few lines stands in the command.
"""
