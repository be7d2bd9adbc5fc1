"""Programs that tests run: Nextflow, container engines, SLURM, a browser."""
