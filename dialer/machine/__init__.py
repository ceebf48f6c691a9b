"""The machine: its clocks, its folders, its log."""
