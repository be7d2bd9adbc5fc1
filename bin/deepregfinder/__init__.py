"""DeepRegFinder-NF: promoters and enhancers, active and poised, from histone-mark ChIP-seq.

The library behind the pipeline's scripts. Data flows one way, and a module imports only from
those before it: genome, counting, signal, regions, states, tensors, models, training, calibration,
tiling, calling, validation, metrics, report.
"""

__version__ = "0.1.0"
