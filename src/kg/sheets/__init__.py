"""Spreadsheets and the graph: a workbook for stewards, filled from Turtle and read back into it."""
