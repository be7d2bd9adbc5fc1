"""How good libraries are.

`strands` looks at the ends of the reads of one file, `libraries` at the counts of all side by side,
`doubts` says in sentences what does not fit, `tables` writes down what is known of each.
"""
