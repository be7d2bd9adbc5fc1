"""Real programs that tests start: Nextflow, container engines, SLURM, a browser."""
