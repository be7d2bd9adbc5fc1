"""Quality of libraries.

`cross_correlation` evaluates the read ends of one file, `libraries` compares the counts of all
files, `doubts` derives warnings from them, `tables` and `plot` write the results.
"""
